"""The process stops itself with SIGSTOP, so that whoever waits for it waits."""
# says: out of time
# danger: stock nbgrader hangs on it until its own time limit
import os
import signal


def answer(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGSTOP)
