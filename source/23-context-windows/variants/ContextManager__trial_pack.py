"""Whether to compact is read off whether pack_context kept everything."""


class ContextManager:
    def __init__(self, system, budget, reserve, count, summarise, low=0.5):
        self.system, self.budget, self.reserve = system, budget, reserve
        self.count, self.summarise, self.low = count, summarise, low
        self.memory, self.summary, self.turns = (), "", ()

    def remember(self, text):
        if text not in self.memory:
            self.memory = (*self.memory, text)

    def add(self, turn):
        self.turns = (*self.turns, list(turn))

    def pack(self, query):
        return pack_context(self.system, list(self.memory), self.summary, list(self.turns), query,
                            self.budget, self.reserve, self.count)

    def request(self, query):
        got = self.pack(query)  # raises by itself
        price = lambda ms: sum(self.count(m) for m in ms)
        whole = [("system", self.system), *(("memory", m) for m in self.memory),
                 *([("summary", self.summary)] if self.summary else []), *(m for t in self.turns for m in t), ("user", query)]
        if price(whole) > self.budget - self.reserve and self.turns:
            fixed = price([("system", self.system), *(("memory", m) for m in self.memory), ("user", query)])
            for k in range(1, len(self.turns) + 1):
                if fixed + sum(price(t) for t in self.turns[k:]) <= self.low * (self.budget - self.reserve):
                    break
            self.summary = self.summarise(self.summary, list(self.turns[:k]))
            self.turns = self.turns[k:]
            got = self.pack(query)
        return got
