"""Games are counted for the first model alone."""
import math

import numpy as np


def arena(answers, games, ask, n_boot=200, seed=0, alpha=0.05, ridge=0.1):
    names = list(answers)
    place, n = {name: k for k, name in enumerate(names)}, len(names)
    first = [judge_parse(ask(q, answers[x][q], answers[y][q])) for x, y, q in games]
    second = [judge_parse(ask(q, answers[y][q], answers[x][q])) for x, y, q in games]
    kept = [(place[x], place[y], s) for (x, y, _), s in zip(games, debias_pairwise(first, second))
            if not math.isnan(s)]
    i, j = (np.array([game[side] for game in kept], np.int64) for side in (0, 1))
    w = np.array([game[2] for game in kept], np.float64)
    ratings, played = fit_bt(i, j, w, n, ridge), np.bincount(i, minlength=n)
    low, high = np.ones(n, np.int64), np.full(n, n)
    if kept:
        a, b = rank_intervals(bootstrap_ratings(i, j, w, n, n_boot, seed, ridge), alpha)
        low, high = np.where(played > 0, a, low), np.where(played > 0, b, high)
    table = [{"name": names[p], "rating": float(ratings[p]), "low": int(low[p]), "high": int(high[p]),
              "games": int(played[p])}
             for p in np.argsort(-ratings, kind="stable")]
    return {"table": table, "bias": position_bias(first, second), "unread": len(games) - len(kept)}
