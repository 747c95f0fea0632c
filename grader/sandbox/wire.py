"""Messages over a socket: one JSON head and raw buffers, with a deadline and a size limit on both.

    u32 length of the head | head (JSON, UTF-8) | buffers, whose lengths stand in head["sizes"]
"""

from __future__ import annotations

import json
import select
import socket
import struct
import time
from collections.abc import Callable, Sequence

MAX_HEAD = 16 << 20      # bytes
MAX_BUFFERS = 256 << 20  # bytes, all buffers of one message
MAX_PARTS = 2_000_000    # of the JSON in a head: empty lists take thirty times their text in memory
ONE_PIECE = 1 << 16      # bytes: a message up to this goes out at once, so that its reader wakes up once
WATCH = 0.1              # seconds between two looks at the other side

LENGTH = struct.Struct("<I")
Deadline = Callable[[], float]
as_json = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


class WireError(Exception):
    """The other side sent something that is no message, or one over the limit."""


class WireClosed(WireError):
    """The other side is gone."""


class WireTimeout(WireError):
    """The deadline passed before the message was whole."""


class Wire:
    """One end of a stream socket. `deadline()` says how many seconds are left; None means to wait for ever.

    watch: looked at while waiting; says in words what the other side does that ends the conversation, or nothing
    """

    def __init__(self, sock: socket.socket, watch: Callable[[], str] | None = None):
        self.sock = sock
        self.watch, self._next_look = watch, 0.0
        self._ahead = b""  # came with what was asked for before
        self._readable, self._writable = select.poll(), select.poll()  # select() knows no descriptor above 1023
        self._readable.register(sock, select.POLLIN)
        self._writable.register(sock, select.POLLOUT)
        sock.setblocking(False)

    def send(self, head: dict, buffers: Sequence[bytes] = (), deadline: Deadline | None = None) -> None:
        text = as_json({**head, "sizes": [len(b) for b in buffers]}).encode()
        message = [LENGTH.pack(len(text)), text, *buffers]
        if sum(map(len, message)) <= ONE_PIECE:
            message = [b"".join(message)]
        for piece in message:
            self._send_all(piece, deadline)

    def receive(self, deadline: Deadline | None = None) -> tuple[dict, list[bytes]]:
        self._left(deadline)  # for whoever always has something to send is never waited for
        (length,) = LENGTH.unpack(self._receive_exactly(4, deadline))
        if length > MAX_HEAD:
            raise WireError(f"what it sent is no message, or one over the limit of {MAX_HEAD:,} bytes")
        text = self._receive_exactly(length, deadline)
        if length > MAX_PARTS and sum(map(text.count, (b",", b"[", b"{"))) > MAX_PARTS:
            raise WireError(f"it sent a message of more than {MAX_PARTS:,} parts")
        try:
            head = json.loads(text.decode())
            sizes = head["sizes"]
            if not isinstance(head, dict) or not all(type(n) is int and n >= 0 for n in sizes):
                raise ValueError("a buffer of no size")
        except (ValueError, KeyError, TypeError, RecursionError) as e:
            raise WireError(f"what it sent is no message ({e})") from None
        if sum(sizes) > MAX_BUFFERS:
            raise WireError(f"it sent a message of {sum(sizes):,} bytes, over the limit of {MAX_BUFFERS:,}")
        return head, [bytes(self._receive_exactly(n, deadline)) for n in sizes]

    def close(self) -> None:
        self.sock.close()

    def _send_all(self, data: bytes, deadline) -> None:
        view = memoryview(data)
        while view:
            try:
                view = view[self.sock.send(view):]
            except BlockingIOError:
                self._wait(self._writable, deadline)
            except OSError:
                raise WireClosed("the other side is gone") from None

    def _receive_exactly(self, n: int, deadline) -> bytes | bytearray:
        """n bytes. What comes with them is kept for the next question; a large part goes straight to its place."""
        while len(self._ahead) < n <= ONE_PIECE:
            self._ahead += self._receive(self.sock.recv, ONE_PIECE, deadline)
        if n <= len(self._ahead):
            found, self._ahead = self._ahead[:n], self._ahead[n:]
            return found
        data, got = bytearray(n), len(self._ahead)
        data[:got], self._ahead = self._ahead, b""
        view = memoryview(data)
        while got < n:
            got += self._receive(self.sock.recv_into, view[got:], deadline)
        return data

    def _receive(self, receive: Callable, what, deadline):
        """What `receive(what)` gives, once it gives something."""
        while True:
            try:
                if got := receive(what):
                    return got
            except BlockingIOError:
                self._wait(self._readable, deadline)
                continue
            except OSError:
                pass
            raise WireClosed("the other side is gone")

    def _wait(self, ready: select.poll, deadline) -> None:
        while not ready.poll(self._left(deadline)):
            pass

    def _left(self, deadline) -> float | None:
        """Milliseconds for which to wait before the next look at the other side and at the clock."""
        left = None if deadline is None else deadline()
        if left is not None and left <= 0:
            raise WireTimeout("the time is up")
        if self.watch:
            if (now := time.monotonic()) >= self._next_look:
                self._next_look = now + WATCH
                if offence := self.watch():
                    raise WireError(offence)
            left = WATCH if left is None else min(left, WATCH)
        return None if left is None else 1e3 * left
