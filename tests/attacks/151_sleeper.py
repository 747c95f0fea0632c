"""Works fast, but sleeps in every call, so that the grading takes for ever."""
# attacks: power
# says: out of time|wrong
import time


def answer(a, n):
    time.sleep(10**6)
    return a
