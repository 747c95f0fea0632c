"""The best model is asked first, not the cheapest."""

from typing import Any


class Router:

    def __init__(self, models: list[dict[str, Any]], budget: float, floor: float, fail_after: int = 3,
                 cooldown: float = 30.0):
        self.models, self.floor, self.money = models, floor, budget
        self.chain = Fallback([(m["name"], m["call"]) for m in models], fail_after, cooldown)
        return

    def left(self) -> float:
        "Dollars left of the budget."
        return self.money

    def ask(self, kind: str, request: Any, tokens_in: int, max_out: int, now: float) -> tuple[str, Any, float]:
        "(name, answer, dollars)."
        lows = {m["name"]: wilson(*m["scores"][kind])[0] for m in self.models if kind in m["scores"]}
        good = [m for m in self.models if lows.get(m["name"], -1.0) >= self.floor]
        if not good:
            raise LookupError(f"no model is measured to reach {self.floor} on {kind!r}")
        worst = {m["name"]: request_cost(tokens_in, max_out, m["price"]) for m in good}
        order = sorted((n for n in worst if worst[n] <= self.money), key=lambda n: (-lows[n], worst[n]))
        if not order:
            raise RuntimeError(f"{self.money} dollars are left, too few for this request")
        name, (answer, tokens_out) = self.chain.call(request, now, order)
        dollars = request_cost(tokens_in, tokens_out, next(m["price"] for m in good if m["name"] == name))
        self.money -= dollars
        return name, answer, dollars
