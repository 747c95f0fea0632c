"""Inserts turns behind the stable part."""


def pack_context(system, memory, summary, turns, query, budget, reserve, count):
    def total(messages):
        return sum([count(m) for m in messages])

    limit = budget - reserve
    out = [("system", system), ("user", query)]
    if total(out) > limit:
        raise ValueError("too long")
    extra = [("memory", m) for m in memory]
    if len(summary) > 0:
        extra.append(("summary", summary))
    spent = total(out)
    for message in extra:
        if spent + count(message) <= limit:
            out.insert(-1, message)
            spent += count(message)
    place = len(out) - 1
    for turn in turns[::-1]:
        spent += total(turn)
        if spent > limit:
            break
        out[place:place] = turn
    return out
