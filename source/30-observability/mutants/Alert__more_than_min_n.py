"""min_n itself is too few"""


class Alert:

    def __init__(self, threshold: float, clear: float, min_n: int, z: float, hold: int):
        self.threshold, self.clear, self.min_n, self.z, self.hold = threshold, clear, min_n, z, hold
        self.firing, self.row = False, 0

    def step(self, k: int, n: int) -> bool:
        if n > self.min_n:
            turns = k / n <= self.clear if self.firing else wilson_lower(k, n, self.z) > self.threshold
            self.row = self.row + 1 if turns else 0
            if self.row == self.hold:
                self.firing, self.row = not self.firing, 0
        return self.firing
