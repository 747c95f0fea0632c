"""A datagram to another process's socket, through one end of a pair, which needs no `socket` and no `connect`."""
# says: expected
import socket


def answer(*args, **kwargs):
    return 0


for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
    try:
        socket.socketpair(socket.AF_UNIX, kind)[0].sendto(b"leak", "{socket}")
    except OSError:
        pass
