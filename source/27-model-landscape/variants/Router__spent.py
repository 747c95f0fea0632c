"""Keeps what was spent, and its own loop over a chain of one."""

class Router:
    def __init__(self, models, budget, floor, fail_after=3, cooldown=30.0):
        self.models = {m["name"]: m for m in models}
        self.budget, self.spent, self.floor = budget, 0.0, floor
        self.chain = Fallback([(m["name"], m["call"]) for m in models], fail_after, cooldown)

    def left(self):
        return self.budget - self.spent

    def ask(self, kind, request, tokens_in, max_out, now):
        good = []
        for at, m in enumerate(self.models.values()):
            if kind in m["scores"]:
                low = wilson(m["scores"][kind][0], m["scores"][kind][1], 1.96)[0]
                if low >= self.floor:
                    good.append((request_cost(tokens_in, max_out, m["price"]), -low, at, m["name"]))
        if not good:
            raise LookupError("nobody is good enough")
        payable = [name for cost, *_, name in sorted(good) if cost <= self.left()]
        if not payable:
            raise RuntimeError("too dear")
        error = ConnectionError("all are down")
        for name in payable:
            if self.chain.state(name, now) == "open":
                continue
            try:
                _, (answer, used) = self.chain.call(request, now, [name])
            except (TimeoutError, ConnectionError) as e:
                error = e
                continue
            cost = request_cost(tokens_in, used, self.models[name]["price"])
            self.spent += cost
            return name, answer, cost
        raise error
