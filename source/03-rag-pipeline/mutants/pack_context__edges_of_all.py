"""Even and odd ranks among all chunks, also those that did not fit."""
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
    if order == "document":
        return sorted(taken)
    ranks = {i: r for r, i in enumerate(sorted(range(len(chunks)), key=lambda i: -chunks[i][0]))}
    return taken if order == "score" else [i for i in taken if ranks[i] % 2 == 0] + [i for i in taken if ranks[i] % 2][::-1]
