"""What is left over is shared out once, beyond some limits or not at all."""


def unimax(counts, budget, max_epochs):
    if not (budget >= 0 and max_epochs >= 0 and all(n >= 0 for n in counts.values())):
        raise ValueError("nothing may be negative or NaN")
    caps = {k: max_epochs * n for k, n in counts.items()}
    out = {k: float(min(c, budget / len(counts))) for k, c in caps.items()}
    open_ = [k for k in counts if out[k] < caps[k]]
    left = budget - sum(out.values())
    for k in open_:
        out[k] = float(min(caps[k], out[k] + left / len(open_)))
    return out
