"""The whole budget is spent, beyond all limits."""


def unimax(counts, budget, max_epochs):
    if not (budget >= 0 and max_epochs >= 0 and all(n >= 0 for n in counts.values())):
        raise ValueError("nothing may be negative or NaN")
    out, left = dict.fromkeys(counts, 0.0), budget
    for i, lang in enumerate(sorted(counts, key=counts.__getitem__)):
        out[lang] = float(min(max_epochs * counts[lang], left / (len(counts) - i)))
        left -= out[lang]
    out = {k: v * budget / sum(out.values()) if any(out.values()) else v for k, v in out.items()}
    return out
