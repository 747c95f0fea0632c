"""A deadline missed by a millionth of a second is met."""


def route(hops, paths, value, per_second, deadline):
    live = [h for h, p in enumerate(hops) if p != 0]
    def utility(name):
        a = paths[name]
        return float(sum(hops[h] * (value * a["accuracy"][h] - a["dollars"][h] - per_second * a["seconds"][h])
                         for h in live))
    def slowest(name):
        return max(paths[name]["seconds"][h] for h in live)
    allowed = [name for name in paths if slowest(name) <= deadline + 1e-6]
    if allowed:
        best = max(allowed, key=utility)
    else:
        best = min(paths, key=slowest)
    return best, utility(best)
