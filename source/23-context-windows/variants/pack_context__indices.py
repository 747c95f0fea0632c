"""By indices and sums."""


def pack_context(system, memory, summary, turns, query, budget, reserve, count):
    left = budget - reserve - (count(("system", system)) + count(("user", query)))
    if left < 0:
        raise ValueError("no room")
    out = [("system", system)]
    for text in memory:
        cost = count(("memory", text))
        if cost <= left:
            out.append(("memory", text))
            left -= cost
    if summary != "" and count(("summary", summary)) <= left:
        out.append(("summary", summary))
        left -= count(("summary", summary))
    begin = len(turns)
    while begin > 0:
        cost = sum(count(m) for m in turns[begin - 1])
        if cost > left:
            break
        left -= cost
        begin -= 1
    for turn in turns[begin:]:
        out.extend(turn)
    out.append(("user", query))
    return out
