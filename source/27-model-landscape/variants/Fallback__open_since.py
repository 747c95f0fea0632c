"""None or the time since which a circuit is open."""

class Fallback:
    def __init__(self, providers, fail_after=3, cooldown=30.0):
        self.providers, self.n, self.cooldown = list(providers), fail_after, cooldown
        self.row = {name: 0 for name, _ in self.providers}
        self.since = {name: None for name, _ in self.providers}

    def state(self, name, now):
        since = self.since[name]
        if since is None:
            return "closed"
        return "half-open" if now - since >= self.cooldown else "open"

    def call(self, request, now, order=None):
        functions, errors = dict(self.providers), []
        for name in order if order is not None else [n for n, _ in self.providers]:
            if self.state(name, now) == "open":
                continue
            try:
                answer = functions[name](request)
                self.row[name], self.since[name] = 0, None
                return [name, answer]
            except (TimeoutError, ConnectionError) as problem:
                errors.append(problem)
                self.row[name] += 1
                if self.row[name] >= self.n or self.since[name] is not None:
                    self.since[name] = now
        if errors:
            raise errors[-1]
        raise ConnectionError("nobody was asked")
