"""The likeliest number of hops alone."""
from collections.abc import Mapping, Sequence


def route(hops: Sequence[float], paths: Mapping[str, Mapping[str, Sequence[float]]], value: float,
          per_second: float,
          deadline: float) -> tuple[str, float]:
    possible = [h for h, p in enumerate(hops) if p > 0]
    hops = [float(h == max(range(len(hops)), key=lambda i: hops[i])) for h in range(len(hops))]
    utility = {name: sum(hops[h] * (value * path["accuracy"][h] - path["dollars"][h]
                                    - per_second * path["seconds"][h]) for h in possible) for name,
               path in paths.items()}
    worst = {name: max(path["seconds"][h] for h in possible) for name, path in paths.items()}
    allowed = [name for name in paths if worst[name] <= deadline]
    chosen = max(allowed, key=utility.get) if allowed else min(paths, key=worst.get)
    return chosen, float(utility[chosen])
