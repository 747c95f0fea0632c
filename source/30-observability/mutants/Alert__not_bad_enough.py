"""only a rate below the threshold breaks a row of bad windows"""


class Alert:
    def __init__(self, threshold, clear, min_n, z, hold):
        self.threshold, self.clear, self.min_n, self.z, self.hold = threshold, clear, min_n, z, hold
        self.firing, self.row = False, 0

    def step(self, k, n):
        if n < self.min_n:
            return self.firing
        if self.firing:
            hit = k / n <= self.clear
        else:
            hit = wilson_lower(k, n, self.z) > self.threshold
        self.row = self.row + 1 if hit else (0 if self.firing or k / n <= self.threshold else self.row)
        if self.row == self.hold:
            self.firing, self.row = not self.firing, 0
        return self.firing
