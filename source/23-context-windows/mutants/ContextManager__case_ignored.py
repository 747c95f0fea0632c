"""A fact that differs in case alone is not kept."""


class ContextManager:
    def __init__(self, system, budget, reserve, count, summarise, low=0.5):
        self.system, self.budget, self.reserve, self.count, self.summarise, self.low = system, budget, reserve, count, summarise, low
        self.memory, self.summary, self.turns = [], "", []

    def remember(self, text):
        if text.lower() not in [t.lower() for t in self.memory]:
            self.memory.append(text)

    def add(self, turn):
        self.turns.append([tuple(m) for m in turn])

    def request(self, query):
        room = self.budget - self.reserve
        ends = self.count(("system", self.system)) + self.count(("user", query))
        if ends > room:
            raise ValueError
        fixed = ends + sum(self.count(("memory", t)) for t in self.memory)
        prices = [sum(self.count(m) for m in t) for t in self.turns]
        extra = self.count(("summary", self.summary)) if self.summary != "" else 0
        if self.turns and fixed + extra + sum(prices) > room:
            k = next((k for k in range(1, len(prices) + 1) if fixed + sum(prices[k:]) <= self.low * room), len(prices))
            summary = self.summarise(self.summary, [list(t) for t in self.turns[:k]])
            self.summary, self.turns = summary, self.turns[k:]
        return pack_context(self.system, self.memory, self.summary, self.turns, query, self.budget, self.reserve, self.count)
