"""Keeps all bills."""

class Router:
    def __init__(self, models, budget, floor, fail_after=3, cooldown=30.0):
        self.models, self.budget, self.floor, self.bills = list(models), budget, floor, []
        self.chain = Fallback([(m["name"], m["call"]) for m in models], fail_after=fail_after, cooldown=cooldown)

    def left(self):
        return self.budget - sum(self.bills)

    def ask(self, kind, request, tokens_in, max_out, now):
        def low(m):
            return wilson(*m["scores"][kind])[0]

        def worst(m):
            return request_cost(tokens_in, max_out, m["price"])
        good = [m for m in self.models if kind in m["scores"] and low(m) >= self.floor]
        if len(good) == 0:
            raise KeyError(kind)
        money = self.left()
        payable = sorted((m for m in good if worst(m) <= money), key=low, reverse=True)
        payable.sort(key=worst)
        if len(payable) == 0:
            raise RuntimeError("no money")
        name, answered = self.chain.call(request, now, order=[m["name"] for m in payable])
        answer, used = answered
        price = {m["name"]: m["price"] for m in payable}[name]
        self.bills.append(request_cost(tokens_in, used, price))
        return name, answer, self.bills[-1]
