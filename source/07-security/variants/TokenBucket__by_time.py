"""Keeps the moment at which it would be full, in thousandths of a token's time (a virtual schedule)."""


class TokenBucket:
    """What is missing, instead of what is there."""

    def __init__(self, rate, burst):
        self.rate, self.burst, self.missing, self.latest = rate, burst, 0, -1

    def _missing(self, t):
        return self.missing if self.latest < 0 else max(0, self.missing - max(0, t - self.latest) * self.rate)

    def allow(self, t, cost=1):
        if cost < 0:
            raise ValueError("negative")
        missing = self._missing(t)
        if t > self.latest:
            self.missing, self.latest = missing, t
        if self.missing + 1000 * cost <= 1000 * self.burst:
            self.missing += 1000 * cost
            return True
        return False

    def wait(self, t, cost=1):
        if cost < 0:
            raise ValueError("negative")
        over = self._missing(t) + 1000 * cost - 1000 * self.burst
        if over <= 0:
            return 0
        if cost > self.burst or self.rate < 1:
            return None
        return (over + self.rate - 1) // self.rate
