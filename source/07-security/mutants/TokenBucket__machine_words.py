"""The fill is a product of 64-bit numbers, and overflows."""

import numpy as np


class TokenBucket:
    def __init__(self, rate, burst):
        self.rate, self.full = rate, burst * 1000
        self.level, self.seen = self.full, None

    def look(self, t):
        if self.seen is None:
            return t, self.full
        t = max(t, self.seen)
        return t, min(self.full, self.level + int(np.int64(t - self.seen) * np.int64(self.rate)))

    def allow(self, t, cost=1):
        if cost < 0:
            raise ValueError("cost")
        self.seen, self.level = self.look(t)
        if cost * 1000 > self.level:
            return False
        self.level -= cost * 1000
        return True

    def wait(self, t, cost=1):
        if cost < 0:
            raise ValueError("cost")
        t, level = self.look(t)
        lack = cost * 1000 - level
        if lack <= 0:
            return 0
        if cost * 1000 > self.full or self.rate == 0:
            return None
        return -(-lack // self.rate)
