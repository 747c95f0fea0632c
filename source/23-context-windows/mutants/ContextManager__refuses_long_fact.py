"""A fact that can never fit is not remembered."""


class ContextManager:
    def __init__(self, system, budget, reserve, count, summarise, low=0.5):
        self.system = system
        self.budget = budget
        self.reserve = reserve
        self.room = budget - reserve
        self.count = count
        self.summarise = summarise
        self.low = low
        self.memory = []
        self.summary = ""
        self.turns = []

    def remember(self, text):
        if text not in self.memory and self.count(("memory", text)) <= self.room:
            self.memory.append(text)

    def add(self, turn):
        self.turns.append(list(turn))

    def request(self, query):
        cost = lambda messages: sum(self.count(m) for m in messages)
        ends = cost([("system", self.system), ("user", query)])
        if ends > self.room:
            raise ValueError("too long")
        fixed = ends + cost([("memory", text) for text in self.memory])
        whole = fixed + (cost([("summary", self.summary)]) if self.summary else 0) + sum(cost(t) for t in self.turns)
        if whole > self.room and self.turns:
            k = 1
            while k < len(self.turns) and fixed + sum(cost(t) for t in self.turns[k:]) > self.low * self.room:
                k += 1
            self.summary = self.summarise(self.summary, self.turns[:k])
            self.turns = self.turns[k:]
        return pack_context(self.system, self.memory, self.summary, self.turns, query, self.budget, self.reserve, self.count)
