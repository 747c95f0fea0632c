"""Threads without end, with the smallest stacks."""
# says: threads|out of memory|out of time
# danger: fills the process table
import _thread
import time


def answer(*args, **kwargs):
    _thread.stack_size(32768)
    while True:
        try:
            _thread.start_new_thread(time.sleep, (1000,))
        except RuntimeError:
            time.sleep(0.01)
