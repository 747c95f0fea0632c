"""Probabilities below 1e-9 are impossible."""


def route(hops, paths, value, per_second, deadline):
    live = [h for h, p in enumerate(hops) if p > 1e-9]
    def utility(name):
        a = paths[name]
        return float(sum(hops[h] * (value * a["accuracy"][h] - a["dollars"][h] - per_second * a["seconds"][h])
                         for h in live))
    def slowest(name):
        return max(paths[name]["seconds"][h] for h in live)
    allowed = [name for name in paths if slowest(name) <= deadline]
    if allowed:
        best = max(allowed, key=utility)
    else:
        best = min(paths, key=slowest)
    return best, utility(best)
