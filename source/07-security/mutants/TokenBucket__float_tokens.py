"""Tokens in floats: fractions drift."""
import math


class TokenBucket:
    def __init__(self, rate, burst):
        self.rate, self.burst, self.level, self.seen = rate / 1000, burst, float(burst), None

    def now(self, t):
        if self.seen is None or t <= self.seen:
            return self.level
        return min(self.burst, self.level + (t - self.seen) * self.rate)

    def allow(self, t, cost=1):
        if cost < 0:
            raise ValueError("cost")
        self.level = self.now(t)
        self.seen = t if self.seen is None else max(t, self.seen)
        if cost > self.level:
            return False
        self.level -= cost
        return True

    def wait(self, t, cost=1):
        if cost < 0:
            raise ValueError("cost")
        lacking = cost - self.now(t)
        if lacking <= 0:
            return 0
        return None if cost > self.burst or self.rate == 0 else math.ceil(lacking / self.rate)
