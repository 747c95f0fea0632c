"""From the last game to the first, models and places turned round."""
import numpy as np


def arena(answers, games, ask, n_boot=200, seed=0, alpha=0.05, ridge=0.1):
    names = list(answers)[::-1]
    at = {m: k for k, m in enumerate(names)}
    n, m = len(names), len(games)
    first, second = [None] * m, [None] * m
    for g in reversed(range(m)):
        x, y, q = games[g]
        second[g] = judge_parse(ask(q, answers[y][q], answers[x][q]))
        first[g] = judge_parse(ask(q, answers[x][q], answers[y][q]))
    out = np.array(debias_pairwise(first, second), dtype=np.float64)
    ok = ~np.isnan(out)
    i = np.array([at[x] for x, y, q in games], dtype=np.intp)[ok]
    j = np.array([at[y] for x, y, q in games], dtype=np.intp)[ok]
    w = out[ok]
    played = np.bincount(np.concatenate([i, j]), minlength=n)
    r = fit_bt(i, j, w, n, ridge)
    low, high = np.ones(n, dtype=np.int64), np.full(n, n, dtype=np.int64)
    if ok.any():
        low, high = rank_intervals(bootstrap_ratings(j, i, 1 - w, n, n_boot, seed, ridge), alpha)
    low, high = np.where(played == 0, 1, low), np.where(played == 0, n, high)
    table = [{"name": names[k], "rating": r[k], "low": low[k], "high": high[k], "games": played[k]} for k in np.argsort(-r)]
    return {"table": table, "bias": position_bias(first, second), "unread": int((~ok).sum())}
