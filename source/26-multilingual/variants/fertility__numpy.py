"""Counts in numpy, gaps as NaN."""
import numpy as np


def fertility(tokenise, texts, special=(), spaceless=()):
    special, out = set(special), {}
    for lang, rows in texts.items():
        tokens = np.array([len([t for t in tokenise(x) if t not in special]) for x in rows], dtype=float).sum()
        units = sum(len("".join(x.split())) if lang in spaceless else len(x.split()) for x in rows)
        out[lang] = float(tokens) / units if units else float("nan")
    return out


def premium(tokenise, parallel, ref, special=()):
    if ref not in parallel or len(set(map(len, parallel.values()))) != 1:
        raise ValueError("lengths or reference")
    table = {k: np.array([np.nan if x is None else len([t for t in tokenise(x) if t not in special]) for x in v])
             for k, v in parallel.items()}
    out = {}
    for k, row in table.items():
        both = ~np.isnan(row) & ~np.isnan(table[ref])
        below = table[ref][both].sum()
        out[k] = float(row[both].sum() / below) if below > 0 else float("nan")
    return out
