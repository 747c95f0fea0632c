"""Turns are reversed in the caller's list."""


def pack_context(system, memory, summary, turns, query, budget, reserve, count):
    room = budget - reserve
    head, tail = ("system", system), ("user", query)
    room -= count(head) + count(tail)
    if room < 0:
        raise ValueError("too long")
    front = [head]
    for text in memory:
        message = ("memory", text)
        cost = count(message)
        if cost <= room:
            front.append(message)
            room -= cost
    if summary != "":
        message = ("summary", summary)
        cost = count(message)
        if cost <= room:
            front.append(message)
            room -= cost
    kept = []
    turns.reverse()
    for turn in turns:
        cost = sum(count(m) for m in turn)
        if cost > room:
            break
        room -= cost
        kept.insert(0, turn)
    return front + [m for turn in kept for m in turn] + [tail]
