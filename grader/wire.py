"""Messages over a socket: one JSON head and raw buffers, with a deadline and a size limit on both.

    u32 length of the head | head (JSON, UTF-8) | buffers, whose lengths stand in head["sizes"]
"""

from __future__ import annotations

import json
import select
import socket
import struct
import time

MAX_HEAD = 64 << 20      # bytes
MAX_BUFFERS = 512 << 20  # bytes, all buffers of one message


class WireError(Exception):
    """The other side sent something that is no message, or one over the limit."""


class WireClosed(WireError):
    """The other side is gone."""


class WireTimeout(WireError):
    """The deadline passed before the message was whole."""


class Wire:
    """One end of a stream socket. `deadline` is a time.monotonic() value in seconds, or None to wait for ever."""

    def __init__(self, sock: socket.socket):
        self.sock = sock
        sock.setblocking(False)

    def send(self, head: dict, buffers: list[bytes] = (), deadline: float | None = None) -> None:
        text = json.dumps({**head, "sizes": [len(b) for b in buffers]}).encode()
        self._send_all(struct.pack("<I", len(text)) + text, deadline)
        for b in buffers:
            self._send_all(b, deadline)

    def receive(self, deadline: float | None = None) -> tuple[dict, list[bytes]]:
        (length,) = struct.unpack("<I", self._receive_exactly(4, deadline))
        if length > MAX_HEAD:
            raise WireError(f"a message head of {length:,} bytes, over the limit of {MAX_HEAD:,}")
        try:
            head = json.loads(self._receive_exactly(length, deadline))
            sizes = head["sizes"]
            if not all(type(n) is int and n >= 0 for n in sizes):
                raise ValueError("a buffer of no size")
        except (ValueError, KeyError, TypeError, RecursionError) as e:
            raise WireError(f"not a message: {e}") from None
        if sum(sizes) > MAX_BUFFERS:
            raise WireError(f"a message of {sum(sizes):,} bytes, over the limit of {MAX_BUFFERS:,}")
        return head, [bytes(self._receive_exactly(n, deadline)) for n in sizes]

    def close(self) -> None:
        self.sock.close()

    def _send_all(self, data: bytes, deadline) -> None:
        view = memoryview(data)
        while view:
            try:
                view = view[self.sock.send(view):]
            except BlockingIOError:
                self._wait(deadline, write=True)
            except OSError:
                raise WireClosed("the other side is gone") from None

    def _receive_exactly(self, n: int, deadline) -> bytearray:
        data = bytearray(n)
        view, got = memoryview(data), 0
        while got < n:
            try:
                count = self.sock.recv_into(view[got:])
            except BlockingIOError:
                self._wait(deadline)
                continue
            except OSError:
                raise WireClosed("the other side is gone") from None
            if count == 0:
                raise WireClosed("the other side is gone")
            got += count
        return data

    def _wait(self, deadline, write: bool = False) -> None:
        left = None if deadline is None else deadline - time.monotonic()
        if left is not None and left <= 0:
            raise WireTimeout("the time is up")
        fds = [self.sock]
        ready = select.select([] if write else fds, fds if write else [], [], left)
        if not any(ready):
            raise WireTimeout("the time is up")
