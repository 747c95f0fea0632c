"""Stops at the first chunk that does not fit."""
from collections.abc import Sequence


def pack_context(chunks: Sequence[tuple[float, int]], budget: int, separator: int = 2,
                 order: str = "edges") -> list[int]:
    if order not in ("score", "document", "edges"):
        raise ValueError(f"no order is called {order!r}")
    taken, left = [], budget
    for i in sorted(range(len(chunks)), key=lambda i: -chunks[i][0]):
        cost = chunks[i][1] + (separator if taken else 0)
        if cost <= left:
            taken.append(i)
            left -= cost
        else:
            break
    if order == "document":
        return sorted(taken)
    return taken if order == "score" else taken[::2] + taken[1::2][::-1]
