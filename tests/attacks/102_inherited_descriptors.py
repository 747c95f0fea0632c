"""Every inherited file descriptor is written to, cut off, and passed around."""
# says: expected|was stopped
import os
import socket


def answer(*args, **kwargs):
    return 0


for fd in range(64):
    for act in (lambda: os.write(fd, b"leak"), lambda: os.ftruncate(fd, 0), lambda: os.fchdir(fd),
                lambda: socket.send_fds(socket.socket(fileno=os.dup(fd)), [b"\0"], [fd] * 100)):
        try:
            act()
        except (OSError, ValueError):
            pass
