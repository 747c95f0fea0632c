"""A cost above the burst returns at once, its time is not seen."""
class TokenBucket:
    def __init__(self, rate: int, burst: int):
        self.rate, self.cap = rate, burst * 1000
        self.fill, self.last = self.cap, 0

    def allow(self, t: int, cost: int = 1) -> bool:
        if cost < 0:
            raise ValueError("cost")
        if cost * 1000 > self.cap:
            return False
        t = max(t, self.last)
        self.fill = min(self.cap, self.fill + self.rate * (t - self.last))
        self.last = t
        if self.fill < cost * 1000:
            return False
        self.fill -= cost * 1000
        return True

    def wait(self, t: int, cost: int = 1) -> int | None:
        if cost < 0:
            raise ValueError("cost")
        t = max(t, self.last)
        fill = min(self.cap, self.fill + self.rate * (t - self.last))
        lack = cost * 1000 - fill
        if lack <= 0:
            return 0
        if cost * 1000 > self.cap or self.rate == 0:
            return None
        return -(-lack // self.rate)
