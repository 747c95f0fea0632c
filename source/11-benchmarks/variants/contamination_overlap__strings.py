"""Runs joined to strings, between spaces."""


def contamination_overlap(items, corpus, n=13):
    if n < 1:
        raise ValueError("n")
    joined = [" " + " ".join(words(t)) + " " for t in corpus]
    out = []
    for item in items:
        w = words(item)
        m, inside, i = min(n, len(w)), 0, 0
        reach = 0  # up to here words are counted
        for i in range(len(w) - m + 1 if w else 0):
            run = " " + " ".join(w[i:i + m]) + " "
            if any(run in t for t in joined):
                inside += i + m - max(reach, i)
                reach = i + m
        out.append(inside / len(w) if w else 0.0)
    return out
