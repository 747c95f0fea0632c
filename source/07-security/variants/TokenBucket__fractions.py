"""Fractions of a token."""
import math


from fractions import Fraction


class TokenBucket:
    def __init__(self, rate, burst):
        self.per_ms, self.burst = Fraction(rate, 1000), burst
        self.tokens, self.last = Fraction(burst), None

    def _fill(self, t):
        if self.last is None:
            return t, self.tokens
        t = max(t, self.last)
        return t, min(Fraction(self.burst), self.tokens + (t - self.last) * self.per_ms)

    def allow(self, t, cost=1):
        if cost < 0:
            raise ValueError
        self.last, self.tokens = self._fill(t)
        enough = self.tokens >= cost
        if enough:
            self.tokens -= cost
        return enough

    def wait(self, t, cost=1):
        if cost < 0:
            raise ValueError
        _, tokens = self._fill(t)
        if tokens >= cost:
            return 0
        if cost > self.burst or not self.per_ms:
            return None
        return math.ceil((cost - tokens) / self.per_ms)
