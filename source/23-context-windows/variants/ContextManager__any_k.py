"""Finds k by a generator."""


class ContextManager:
    def __init__(self, system, budget, reserve, count, summarise, low=0.5):
        self.system, self.budget, self.reserve = system, budget, reserve
        self.count, self.summarise, self.low = count, summarise, low
        self.memory, self.summary, self.turns = {}, "", []

    def remember(self, text):
        self.memory.setdefault(text)

    def add(self, turn):
        self.turns = [*self.turns, [*turn]]

    def request(self, query):
        facts = list(self.memory)

        def size(turns, with_summary):
            messages = [("system", self.system), ("user", query)] + [("memory", t) for t in facts]
            if with_summary and self.summary:
                messages.append(("summary", self.summary))
            return sum(self.count(m) for m in messages) + sum(self.count(m) for t in turns for m in t)

        room = self.budget - self.reserve
        pack_context(self.system, [], "", [], query, self.budget, self.reserve, self.count)  # raises
        if self.turns and size(self.turns, True) > room:
            n = len(self.turns)
            k = next((k for k in range(1, n) if size(self.turns[k:], False) <= self.low * room), n)
            self.summary = self.summarise(self.summary, self.turns[:k])
            self.turns = self.turns[k:]
        return pack_context(self.system, facts, self.summary, self.turns, query, self.budget, self.reserve, self.count)
