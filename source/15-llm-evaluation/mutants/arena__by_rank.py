"""Sorted by the lower rank."""

import math

import numpy as np


def arena(answers, games, ask, n_boot=200, seed=0, alpha=0.05, ridge=0.1):
    names = list(answers)
    place = {name: k for k, name in enumerate(names)}
    first = [judge_parse(ask(q, answers[x][q], answers[y][q])) for x, y, q in games]
    second = [judge_parse(ask(q, answers[y][q], answers[x][q])) for x, y, q in games]
    outcomes = debias_pairwise(first, second)
    kept = [(place[x], place[y], s) for (x, y, _), s in zip(games, outcomes) if not math.isnan(s)]
    i = np.array([g[0] for g in kept], dtype=np.int64)
    j = np.array([g[1] for g in kept], dtype=np.int64)
    w = np.array([g[2] for g in kept], dtype=np.float64)
    n = len(names)
    count = np.bincount(i, minlength=n) + np.bincount(j, minlength=n)
    if kept:
        ratings = fit_bt(i, j, w, n, ridge)
        low, high = rank_intervals(bootstrap_ratings(i, j, w, n, n_boot, seed, ridge), alpha)
    else:
        ratings, low, high = np.zeros(n), np.ones(n, int), np.full(n, n)
    low, high = np.where(count == 0, 1, low), np.where(count == 0, n, high)
    table = [{"name": names[k], "rating": float(ratings[k]), "low": int(low[k]), "high": int(high[k]),
              "games": int(count[k])} for k in np.lexsort((-ratings, low))]
    return {"table": table, "bias": position_bias(first, second), "unread": len(games) - len(kept)}
