"""Failures longer ago than a cooldown do not count."""


class Fallback:
    def __init__(self, providers, fail_after=3, cooldown=30.0):
        self.providers = dict(providers)
        self.fail_after = fail_after
        self.cooldown = cooldown
        self.count = {name: 0 for name in self.providers}
        self.opened = {name: None for name in self.providers}

    def state(self, name, now):
        if self.opened[name] is None:
            return "closed"
        return "open" if now - self.opened[name] < self.cooldown else "half-open"

    def call(self, request, now, order=None):
        last = None
        for name in self.providers if order is None else order:
            state = self.state(name, now)
            if state == "open":
                continue
            try:
                answer = self.providers[name](request)
            except (TimeoutError, ConnectionError) as error:
                last = error
                self.count[name] = 1 if now - getattr(self, 'seen', {}).get(name, now) > self.cooldown else self.count[name] + 1
                self.seen = {**getattr(self, 'seen', {}), name: now}
                if state == "half-open" or self.count[name] >= self.fail_after:
                    self.opened[name] = now
                continue
            self.count[name] = 0
            self.opened[name] = None
            return name, answer
        raise last or ConnectionError("nobody to ask")
