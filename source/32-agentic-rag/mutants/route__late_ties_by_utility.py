"""Nobody in time: ties by utility."""


def route(hops, paths, value, per_second, deadline):
    rows = []
    for name, p in paths.items():
        u = 0.0
        longest = 0.0
        for h, a, s, d in zip(hops, p["accuracy"], p["seconds"], p["dollars"]):
            u += h * (value * a - d - per_second * s)
            if h > 0:
                longest = max(longest, s)
        rows.append((name, float(u), longest))
    allowed = [r for r in rows if r[2] <= deadline]
    if allowed:
        best = max(allowed, key=lambda r: r[1])
    else:
        best = min(rows, key=lambda r: (r[2], -r[1]))
    return best[0], best[1]
