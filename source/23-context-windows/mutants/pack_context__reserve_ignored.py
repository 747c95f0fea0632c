"""The reserve is not taken off."""
from collections.abc import Callable, Sequence

Message = tuple[str, str]
Turn = list[Message]


def pack_context(system: str, memory: Sequence[str], summary: str, turns: Sequence[Turn], query: str, budget: int,
                 reserve: int, count: Callable[[Message], int]) -> list[Message]:
    first, last = ("system", system), ("user", query)
    room = budget - count(first) - count(last)
    if room < 0:
        raise ValueError("system and query alone are too long")
    stable = []
    for message in [*(("memory", text) for text in memory), *([("summary", summary)] if summary else [])]:
        if (price := count(message)) <= room:
            stable.append(message)
            room -= price
    kept: list[Message] = []
    for turn in reversed(turns):
        room -= sum(count(message) for message in turn)
        if room < 0:
            break
        kept = [*turn, *kept]
    return [first, *stable, *kept, last]
