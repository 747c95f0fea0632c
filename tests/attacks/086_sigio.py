"""The kernel is made to send the signal: a socket's owner is set to another process (F_SETOWN, F_SETSIG)."""
# says: expected
# danger: kills the grader and the session around it
import fcntl
import os
import signal
import socket


def answer(*args, **kwargs):
    return 0


for pid in (int("{pid}") if "{pid}".isdigit() else 1, os.getppid(), *range(1, 60)):
    if pid == os.getpid():
        continue
    a, b = socket.socketpair()
    try:
        fcntl.fcntl(a, fcntl.F_SETOWN, pid)
        fcntl.fcntl(a, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(a, fcntl.F_SETFL, fcntl.fcntl(a, fcntl.F_GETFL) | os.O_ASYNC)
        b.send(b"x")
    except OSError:
        pass
    a.close(), b.close()
