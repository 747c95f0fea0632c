"""Looking at the answer is slow: its attributes, its length and its conversion sleep."""
# says: out of time|expected
import time


class Slow(list):
    __class__ = property(lambda self: time.sleep(10**6))
    __iter__ = __len__ = lambda self: time.sleep(10**6)

    def __getattribute__(self, name):
        time.sleep(10**6)


def answer(*args, **kwargs):
    return Slow([1, 2])
