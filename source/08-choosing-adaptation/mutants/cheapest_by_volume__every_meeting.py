"""Every line that is ever met."""
from collections.abc import Mapping


def cheapest_by_volume(plans: Mapping[str, tuple[float, float]]) -> list[tuple[float, str]]:
    if not plans:
        return []
    names = list(plans)
    now = min(names, key=lambda name: plans[name])  # the least once; of these the least each; of these the first
    path, n = [(0.0, now)], 0.0
    while True:
        once, each = plans[now]
        meets = {name: (plans[name][0] - once) / (each - plans[name][1]) for name in names
                 if plans[name][1] < each}
        if not meets:
            return path
        n = min(meets.values())
        dearest = max(meets, key=lambda name: plans[name][1])
        n, meets = meets[dearest], {dearest: meets[dearest]}
        now = min((name for name in meets if meets[name] == n), key=lambda name: plans[name][1])
        path.append((n, now))
