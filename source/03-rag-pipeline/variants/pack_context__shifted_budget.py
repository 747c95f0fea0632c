"""One separator more in the budget, and one with every chunk."""


def pack_context(chunks, budget, separator=2, order="edges"):
    if order not in ("score", "document", "edges"):
        raise ValueError(f"unknown order {order}")
    left, taken = budget + separator, []
    for score, i in sorted((-score, i) for i, (score, _) in enumerate(chunks)):
        if chunks[i][1] + separator <= left:
            taken.append(i)
            left -= chunks[i][1] + separator
    if order == "edges":
        spread = [0] * len(taken)
        spread[:(len(taken) + 1) // 2] = taken[0::2]
        spread[(len(taken) + 1) // 2:] = reversed(taken[1::2])
        return spread
    return sorted(taken) if order == "document" else taken
