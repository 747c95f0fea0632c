"""Arrays; a sort by two keys."""


import numpy as np


def route(hops, paths, value, per_second, deadline):
    p = np.asarray(hops, dtype=float)
    scored = []
    for at, (name, path) in enumerate(paths.items()):
        a, s, d = (np.asarray(path[k], dtype=float) for k in ("accuracy", "seconds", "dollars"))
        scored.append((name, float((p * (value * a - d - per_second * s)).sum()), float(s[p > 0].max()), at))
    timely = [x for x in scored if x[2] <= deadline]
    best = sorted(timely, key=lambda x: (-x[1], x[3]))[0] if timely else sorted(scored, key=lambda x: (x[2], x[3]))[0]
    return best[:2]
