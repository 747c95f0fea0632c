"""All of nothing is True."""


def release(old, new, limits, alpha=0.05, n_boot=2000, seed=0):
    passed = {}
    for name, max_drop in limits.items():
        try:
            passed[name] = bool(gate(old[name], new[name], max_drop, alpha, n_boot, seed)[0])
        except (ValueError, KeyError):
            passed[name] = False
    return {**passed, "release": all(passed.values())}
