"""A detached process waits until grading is over and then writes the scores into the gradebook."""
# says: expected
# danger: leaves a process behind
import os
import time


def answer(*args, **kwargs):
    return 0


if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(3)
        open("{file}", "a").write("more")
    os._exit(0)
