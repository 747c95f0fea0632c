"""Connections to the outside: TCP to a server on this machine, name look-ups, raw sockets."""
# says: expected
import socket
import urllib.request


def answer(*args, **kwargs):
    return 0


for connect in (lambda: socket.create_connection(("127.0.0.1", int("{port}")), 1).send(b"leak"),
                lambda: urllib.request.urlopen("http://127.0.0.1:{port}/leak", timeout=1),
                lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"leak", ("127.0.0.1", int("{port}")))):
    try:
        connect()
    except (OSError, ValueError):
        pass
