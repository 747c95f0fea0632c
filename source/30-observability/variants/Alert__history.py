"""the row is kept as a list"""


def wilson_lower(k, n, z):
    if n == 0:
        return 0.0
    middle = (k + z**2 / 2) / (n + z**2)
    half = z / (n + z**2) * (k * (n - k) / n + z**2 / 4) ** 0.5
    return float(middle - half)


class Alert:
    def __init__(self, threshold, clear, min_n, z, hold):
        self.threshold, self.clear, self.min_n, self.z, self.hold = threshold, clear, min_n, z, hold
        self.firing = False
        self.last = []

    def step(self, k, n):
        if n >= self.min_n:
            if self.firing:
                self.last.append(k / n <= self.clear)
            else:
                self.last.append(wilson_lower(k, n, self.z) > self.threshold)
            if len(self.last) >= self.hold and all(self.last[-self.hold:]):
                self.firing = not self.firing
                self.last = []
        return self.firing
