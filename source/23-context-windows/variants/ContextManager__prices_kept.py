"""Prices of turns are counted once when added."""


class ContextManager:
    def __init__(self, system, budget, reserve, count, summarise, low=0.5):
        self.system, self.budget, self.reserve = system, budget, reserve
        self.count, self.summarise, self.low = count, summarise, low
        self.memory, self.summary, self.turns, self.prices = [], "", [], []

    def remember(self, text):
        if text not in self.memory:
            self.memory += [text]

    def add(self, turn):
        self.turns.append([(role, text) for role, text in turn])
        self.prices.append(sum(self.count(m) for m in turn))

    def request(self, query):
        room = self.budget - self.reserve
        fixed = self.count(("system", self.system)) + self.count(("user", query))
        if fixed > room:
            raise ValueError("too long")
        fixed += sum(self.count(("memory", t)) for t in self.memory)
        extra = self.count(("summary", self.summary)) if self.summary else 0
        if self.turns and fixed + extra + sum(self.prices) > room:
            k, rest = 0, sum(self.prices)
            while k < len(self.turns) and (k == 0 or fixed + rest > self.low * room):
                rest -= self.prices[k]
                k += 1
            new = self.summarise(self.summary, self.turns[:k])
            self.summary = new
            del self.turns[:k], self.prices[:k]
        return pack_context(self.system, self.memory, self.summary, self.turns, query, self.budget, self.reserve, self.count)
