"""Open circuits are looked at before the budget."""


class Router:
    def __init__(self, models, budget, floor, fail_after=3, cooldown=30.0):
        self.models = list(models)
        self.budget = budget
        self.floor = floor
        self.chain = Fallback([(m["name"], m["call"]) for m in self.models], fail_after, cooldown)

    def left(self):
        return self.budget

    def ask(self, kind, request, tokens_in, max_out, now):
        good = []
        for m in self.models:
            if kind in m["scores"]:
                low = wilson(*m["scores"][kind])[0]
                if low >= self.floor:
                    good.append((request_cost(tokens_in, max_out, m["price"]), -low, m))
        if not good:
            raise LookupError(kind)
        can = [g for g in good if g[0] <= self.budget]
        if good and all(self.chain.state(g[2]['name'], now) == 'open' for g in good):
            raise ConnectionError('all open')
        if not can:
            raise RuntimeError("budget")
        can.sort(key=lambda g: g[:2])
        name, (answer, tokens_out) = self.chain.call(request, now, [g[2]["name"] for g in can])
        price = next(m["price"] for m in self.models if m["name"] == name)
        dollars = request_cost(tokens_in, tokens_out, price)
        self.budget -= dollars
        return name, answer, dollars
