"""Every part of a name passes for an order."""


def pack_context(chunks, budget, separator=2, order="edges"):
    if order not in "score document edges":
        raise ValueError(order)
    taken, used = [], 0
    for i in sorted(range(len(chunks)), key=lambda i: (-chunks[i][0], i)):
        cost = chunks[i][1] + (separator if taken else 0)
        if used + cost <= budget:
            taken.append(i)
            used += cost
    if order == "score":
        return taken
    if order == "document":
        return sorted(taken)
    return taken[::2] + taken[1::2][::-1]
