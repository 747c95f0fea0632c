"""Ties to the cheaper."""


def route(hops, paths, value, per_second, deadline):
    live = [h for h, p in enumerate(hops) if p != 0]
    def utility(name):
        a = paths[name]
        return float(sum(hops[h] * (value * a["accuracy"][h] - a["dollars"][h] - per_second * a["seconds"][h])
                         for h in live))
    def slowest(name):
        return max(paths[name]["seconds"][h] for h in live)
    allowed = [name for name in paths if slowest(name) <= deadline]
    if allowed:
        best = max(allowed, key=lambda n: (utility(n), -sum(paths[n]['dollars'])))
    else:
        best = min(paths, key=slowest)
    return best, utility(best)
