"""Every call fills it, whatever time has passed."""


class TokenBucket:

    def __init__(self, rate, burst):
        self.rate, self.full = (rate, 1000 * burst)
        self.level, self.seen = (self.full, None)
        return

    def allow(self, t, cost=1):
        if cost < 0:
            raise ValueError('a cost is 0 or more')
        if self.seen is not None and t > self.seen:
            self.level = min(self.full, self.level + self.rate)
        self.seen = t if self.seen is None else max(t, self.seen)
        if 1000 * cost > self.level:
            return False
        self.level -= 1000 * cost
        return True

    def wait(self, t, cost=1):
        if cost < 0:
            raise ValueError('a cost is 0 or more')
        gone = 0 if self.seen is None else max(0, t - self.seen)
        lacking = 1000 * cost - min(self.full, self.level + gone * self.rate)
        if lacking <= 0:
            return 0
        return None if 1000 * cost > self.full or self.rate == 0 else -(-lacking // self.rate)
