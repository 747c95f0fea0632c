"""Plain loops; each pair is tokenised when it is met."""
import math


def premium(tokenise, parallel, ref, special=()):
    if ref not in parallel:
        raise ValueError(ref)
    n = len(parallel[ref])
    for rows in parallel.values():
        if len(rows) != n:
            raise ValueError("lengths differ")
    out = {}
    for lang, rows in parallel.items():
        above = below = 0
        for mine, theirs in zip(rows, parallel[ref]):
            if mine is None or theirs is None:
                continue
            above += len([t for t in tokenise(mine) if t not in special])
            below += len([t for t in tokenise(theirs) if t not in special])
        out[lang] = above / below if below != 0 else math.nan
    return out
