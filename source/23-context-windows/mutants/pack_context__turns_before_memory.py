"""Turns are chosen before the memory."""
from collections.abc import Callable, Sequence

Message = tuple[str, str]
Turn = list[Message]


def pack_context(system: str, memory: Sequence[str], summary: str, turns: Sequence[Turn], query: str, budget: int,
                 reserve: int, count: Callable[[Message], int]) -> list[Message]:
    first, last = ("system", system), ("user", query)
    room = budget - reserve - count(first) - count(last)
    if room < 0:
        raise ValueError("system and query alone are too long")
    stable = []
    kept: list[Message] = []
    turn_room = room
    for turn in reversed(turns):
        turn_room -= sum(count(message) for message in turn)
        if turn_room < 0:
            break
        room = turn_room
        kept = [*turn, *kept]
    for message in [*(("memory", text) for text in memory), *([("summary", summary)] if summary else [])]:
        if (price := count(message)) <= room:
            stable.append(message)
            room -= price
    return [first, *stable, *kept, last]
