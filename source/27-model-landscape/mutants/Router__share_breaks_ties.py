"""At equal cost the higher share goes first, not the higher lower end."""


class Router:
    def __init__(self, models, budget, floor, fail_after=3, cooldown=30.0):
        self.models = list(models)
        self.rest = budget
        self.floor = floor
        self.chain = Fallback([(m["name"], m["call"]) for m in models], fail_after, cooldown)

    def left(self):
        return self.rest

    def ask(self, kind, request, tokens_in, max_out, now):
        good = []
        for m in self.models:
            if kind in m["scores"]:
                low = wilson(*m["scores"][kind])[0]
                if low >= self.floor:
                    good.append((request_cost(tokens_in, max_out, m["price"]), -m["scores"][kind][0] / m["scores"][kind][1], m))
        if not good:
            raise LookupError("no good model")
        payable = [g for g in good if g[0] <= self.rest]
        if not payable:
            raise RuntimeError("no money")
        payable.sort(key=lambda g: g[:2])
        name, (answer, used) = self.chain.call(request, now, [g[2]["name"] for g in payable])
        price = next(m["price"] for m in self.models if m["name"] == name)
        dollars = request_cost(tokens_in, used, price)
        self.rest -= dollars
        return name, answer, dollars
