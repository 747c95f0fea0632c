"""A small object for each provider, with its state written down."""

import math


class Circuit:
    def __init__(self, fn):
        self.fn, self.fails, self.until = fn, 0, -math.inf


class Fallback:
    def __init__(self, providers, fail_after=3, cooldown=30.0):
        self.circuits = {name: Circuit(fn) for name, fn in providers}
        self.fail_after, self.cooldown = fail_after, cooldown

    def state(self, name, now):
        c = self.circuits[name]
        if c.fails < self.fail_after:
            return "closed"
        return "half-open" if now >= c.until else "open"

    def call(self, request, now, order=None):
        error = None
        for name in list(self.circuits) if order is None else order:
            c = self.circuits[name]
            if self.state(name, now) == "open":
                continue
            try:
                answer = c.fn(request)
            except (ConnectionError, TimeoutError) as e:
                error = e
                c.fails += 1
                if c.fails >= self.fail_after:
                    c.until = now + self.cooldown
                continue
            c.fails = 0
            return name, answer
        if error is None:
            raise ConnectionError("all circuits are open")
        raise error
