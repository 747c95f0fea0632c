"""The old summary counts towards the low mark."""
from collections.abc import Callable

Message = tuple[str, str]
Turn = list[Message]


class ContextManager:

    def __init__(self, system: str, budget: int, reserve: int, count: Callable[[Message], int],
                 summarise: Callable[[str, list[Turn]], str], low: float = 0.5):
        self.system, self.budget, self.reserve, self.low = system, budget, reserve, low
        self.count, self.summarise = count, summarise
        self.memory: list[str] = []
        self.summary = ""
        self.turns: list[Turn] = []
        return

    def remember(self, text: str) -> None:
        if text not in self.memory:
            self.memory.append(text)
        return

    def add(self, turn: Turn) -> None:
        self.turns.append(list(turn))
        return

    def request(self, query: str) -> list[Message]:
        room, count = self.budget - self.reserve, self.count
        ends = count(("system", self.system)) + count(("user", query))
        stable = ends + sum(count(("memory", text)) for text in self.memory)
        prices = [sum(map(count, turn)) for turn in self.turns]
        summary = count(("summary", self.summary)) if self.summary else 0
        if ends <= room < stable + summary + sum(prices) and prices:
            k = 1
            while k < len(prices) and stable + summary + sum(prices[k:]) > self.low * room:
                k += 1
            folded, self.turns = self.turns[:k], self.turns[k:]
            self.summary = self.summarise(self.summary, folded)
        return pack_context(self.system, self.memory, self.summary, self.turns, query, self.budget, self.reserve, count)
