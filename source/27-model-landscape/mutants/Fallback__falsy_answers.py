"""A falsy answer is taken for none."""

from collections.abc import Callable
from typing import Any


class Fallback:

    def __init__(self, providers: list[tuple[str, Callable[[Any], Any]]], fail_after: int = 3,
                 cooldown: float = 30.0):
        self.providers, self.fail_after, self.cooldown = dict(providers), fail_after, cooldown
        self.fails = dict.fromkeys(self.providers, 0)
        self.opened = dict.fromkeys(self.providers, 0.0)
        return

    def state(self, name: str, now: float) -> str:
        "closed, open or half-open."
        if self.fails[name] < self.fail_after:
            return "closed"
        return "open" if now - self.opened[name] < self.cooldown else "half-open"

    def call(self, request: Any, now: float, order: list[str] | None = None) -> tuple[str, Any]:
        "(name, answer) of the first provider that answers."
        last: Exception = ConnectionError("no provider could be asked")
        for name in self.providers if order is None else order:
            if self.state(name, now) == "open":
                continue
            try:
                answer = self.providers[name](request)
            except (TimeoutError, ConnectionError) as error:
                last = error
                self.fails[name] += 1
                self.opened[name] = now
            else:
                self.fails[name] = 0
                if answer:
                    return name, answer
        raise last
