"""Counts the whole prompt again at each step."""


def pack_context(system, memory, summary, turns, query, budget, reserve, count):
    def fits(ms):
        return sum(count(m) for m in ms) + reserve <= budget
    out = [("system", system), ("user", query)]
    if not fits(out):
        raise ValueError("too long")
    for text in memory:
        trial = out[:-1] + [("memory", text)] + out[-1:]
        if fits(trial):
            out = trial
    if summary != "":
        trial = out[:-1] + [("summary", summary)] + out[-1:]
        if fits(trial):
            out = trial
    at = len(out) - 1
    for turn in turns[::-1]:
        trial = out[:at] + list(turn) + out[at:]
        if not fits(trial):
            break
        out = trial
    return out
