"""two counters, the interval by its quadratic equation"""
import math


def wilson_lower(k, n, z):
    if not n:
        return 0.0
    a, b, c = n + z * z, 2 * k + z * z, k * k / n
    return max((b - math.sqrt(max(b * b - 4 * a * c, 0.0))) / (2 * a), 0.0)


class Alert:
    def __init__(self, threshold, clear, min_n, z, hold):
        self.settings = threshold, clear, min_n, z, hold
        self.state, self.bad, self.good = "quiet", 0, 0

    def step(self, k, n):
        threshold, clear, min_n, z, hold = self.settings
        if n < min_n:
            return self.state == "firing"
        self.bad = self.bad + 1 if wilson_lower(k, n, z) > threshold else 0
        self.good = self.good + 1 if k / n <= clear else 0
        if self.state == "quiet" and self.bad == hold:
            self.state, self.good = "firing", 0
        elif self.state == "firing" and self.good == hold:
            self.state, self.bad = "quiet", 0
        elif self.state == "quiet":
            self.good = 0
        else:
            self.bad = 0
        return self.state == "firing"
