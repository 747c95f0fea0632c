"""Counts the lack instead of the fill."""
class TokenBucket:
    def __init__(self, rate: int, burst: int):
        self.rate, self.cap = rate, burst * 1000
        self.lack, self.last = 0, 0

    def allow(self, t: int, cost: int = 1) -> bool:
        if cost < 0:
            raise ValueError("cost")
        t = max(t, self.last)
        self.lack = max(0, self.lack - self.rate * (t - self.last))
        self.last = t
        if self.cap - self.lack < cost * 1000:
            return False
        self.lack += cost * 1000
        return True

    def wait(self, t: int, cost: int = 1) -> int | None:
        if cost < 0:
            raise ValueError("cost")
        t = max(t, self.last)
        fill = self.cap - max(0, self.lack - self.rate * (t - self.last))
        lack = cost * 1000 - fill
        if lack <= 0:
            return 0
        if cost * 1000 > self.cap or self.rate == 0:
            return None
        return -(-lack // self.rate)
