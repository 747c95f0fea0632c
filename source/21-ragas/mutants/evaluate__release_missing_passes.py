"""A metric that cannot be decided is left out."""


def release(old, new, limits, alpha=0.05, n_boot=2000, seed=0):
    passed = {}
    for name, max_drop in limits.items():
        try:
            passed[name] = bool(gate(old[name], new[name], max_drop, alpha, n_boot, seed)[0])
        except (ValueError, KeyError):
            pass
    return {**passed, "release": bool(passed) and all(passed.values())}
