"""A last turn that says what the query says is left out."""


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
    for turn in reversed(turns):
        cost = sum(count(m) for m in turn)
        if cost > room:
            break
        room -= cost
        kept.insert(0, turn)
    if kept and kept[-1] == [tail]:
        kept.pop()
    return front + [m for turn in kept for m in turn] + [tail]
