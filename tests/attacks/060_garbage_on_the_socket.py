"""Random bytes written to the judge's socket."""
# says: was stopped: (what it sent is no message|it sent)
import os


def answer(*args, **kwargs):
    for fd in range(3, 64):
        try:
            os.write(fd, bytes(range(256)) * 64)
        except OSError:
            pass
    return 0
