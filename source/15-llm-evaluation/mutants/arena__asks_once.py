"""A question that was asked before is not asked again."""
import math

import numpy as np


def arena(answers, games, ask, n_boot=200, seed=0, alpha=0.05, ridge=0.1):
    names = list(answers)
    place = {name: k for k, name in enumerate(names)}
    n = len(names)
    memo, real = {}, ask

    def ask(q, f, s):
        if (q, f, s) not in memo:
            memo[q, f, s] = real(q, f, s)
        return memo[q, f, s]
    first, second = [], []
    for x, y, q in games:
        first.append(judge_parse(ask(q, answers[x][q], answers[y][q])))
        second.append(judge_parse(ask(q, answers[y][q], answers[x][q])))
    out = debias_pairwise(first, second)
    left = [g for g in range(len(games)) if not math.isnan(out[g])]
    i = np.array([place[games[g][0]] for g in left], dtype=np.int64)
    j = np.array([place[games[g][1]] for g in left], dtype=np.int64)
    w = np.array([out[g] for g in left], dtype=np.float64)
    played = np.bincount(i, minlength=n) + np.bincount(j, minlength=n)
    if left:
        ratings = fit_bt(i, j, w, n, ridge)
        low, high = rank_intervals(bootstrap_ratings(i, j, w, n, n_boot, seed, ridge), alpha)
    else:
        ratings, low, high = np.zeros(n), np.ones(n), np.full(n, n)
    table = []
    for k in sorted(range(n), key=lambda k: -ratings[k]):
        idle = played[k] == 0
        table.append({"name": names[k], "rating": float(ratings[k]), "low": 1 if idle else int(low[k]),
                      "high": n if idle else int(high[k]), "games": int(played[k])})
    return {"table": table, "bias": position_bias(first, second), "unread": len(games) - len(left)}
