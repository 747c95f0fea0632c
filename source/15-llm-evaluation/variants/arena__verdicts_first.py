"""All replies first, the second order before the first; a generator of its own."""
import numpy as np


def arena(answers, games, ask, n_boot=200, seed=0, alpha=0.05, ridge=0.1):
    second = [judge_parse(ask(q, answers[y][q], answers[x][q])) for x, y, q in games]
    first = [judge_parse(ask(q, answers[x][q], answers[y][q])) for x, y, q in games]
    outcome = np.array(debias_pairwise(first, second), dtype=float)
    names = sorted(answers)
    i = np.array([names.index(x) for x, _, _ in games], dtype=int)
    j = np.array([names.index(y) for _, y, _ in games], dtype=int)
    good = ~np.isnan(outcome)
    i, j, w, n = i[good], j[good], outcome[good], len(names)
    rating = fit_bt(i, j, w, n, ridge=ridge)
    low, high = [1] * n, [n] * n
    if len(w):
        rng = np.random.default_rng(seed + 100)
        draws = [rng.choice(len(w), len(w)) for _ in range(n_boot)]
        a, b = rank_intervals(np.array([fit_bt(i[g], j[g], w[g], n, ridge) for g in draws]), alpha)
    table = []
    for p in sorted(range(n), key=lambda p: -rating[p]):
        played = int((i == p).sum() + (j == p).sum())
        if played:
            low[p], high[p] = int(a[p]), int(b[p])
        table.append({"name": names[p], "rating": float(rating[p]), "low": low[p], "high": high[p], "games": played})
    return {"table": table, "bias": position_bias(first, second), "unread": int((~good).sum())}
