"""Other names, sums over messages."""


class ContextManager:
    def __init__(self, system, budget, reserve, count, summarise, low=0.5):
        self._args = (system, budget, reserve, count)
        self._summarise, self._low = summarise, low
        self._facts, self._told, self._log = [], "", []

    def remember(self, text):
        if self._facts.count(text) == 0:
            self._facts = self._facts + [text]

    def add(self, turn):
        self._log.append(tuple(turn))

    def request(self, query):
        system, budget, reserve, count = self._args
        limit = budget - reserve

        def price(messages):
            return sum(count(m) for m in messages)

        must = price([("system", system), ("user", query)])
        if must > limit:
            raise ValueError("the query is too long")
        facts = price([("memory", f) for f in self._facts])
        told = price([("summary", self._told)]) if self._told != "" else 0
        live = [price(t) for t in self._log]
        if len(live) > 0 and must + facts + told + sum(live) > limit:
            rest, k = sum(live), 0
            while k < len(live) and (k == 0 or must + facts + rest > self._low * limit):
                rest -= live[k]
                k += 1
            self._told = self._summarise(self._told, [list(t) for t in self._log[:k]])
            del self._log[:k]
        return pack_context(system, list(self._facts), self._told, [list(t) for t in self._log], query, budget, reserve, count)
