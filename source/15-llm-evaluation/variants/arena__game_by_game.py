"""Game by game, in dicts."""
import numpy as np


def arena(answers, games, ask, n_boot=200, seed=0, alpha=0.05, ridge=0.1):
    names, first, second = list(answers), [], []
    for x, y, q in games:
        first.append(judge_parse(ask(q, answers[x][q], answers[y][q])))
        second.append(judge_parse(ask(q, answers[y][q], answers[x][q])))
    left, count, unread = [], dict.fromkeys(names, 0), 0
    for (x, y, _), s in zip(games, debias_pairwise(first, second)):
        if s != s:
            unread += 1
            continue
        left.append((names.index(x), names.index(y), s))
        count[x] += 1
        count[y] += 1
    ranks = {name: (1, len(names)) for name in names}
    ratings = np.zeros(len(names))
    if left:
        i, j, w = (np.array(side) for side in zip(*left))
        ratings = fit_bt(i, j, w, len(names), ridge)
        low, high = rank_intervals(bootstrap_ratings(i, j, w, len(names), n_boot, seed, ridge), alpha)
        for p, name in enumerate(names):
            if count[name]:
                ranks[name] = int(low[p]), int(high[p])
    rows = [dict(name=name, rating=float(r), low=ranks[name][0], high=ranks[name][1], games=count[name])
            for name, r in zip(names, ratings)]
    rows.sort(key=lambda row: row["rating"], reverse=True)
    return {"table": rows, "bias": position_bias(first, second), "unread": unread}
