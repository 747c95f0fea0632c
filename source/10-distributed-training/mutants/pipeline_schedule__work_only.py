"""Nobody waits: the busiest stage's work."""


def pipeline_schedule(stage, stages, micros):
    warm = min(micros, stages - 1 - stage)
    order = [("F", i) for i in range(warm)]
    for i in range(micros - warm):
        order += [("F", warm + i), ("B", i)]
    return order + [("B", i) for i in range(micros - warm, micros)]


def pipeline_time(orders, forward=1.0, backward=2.0):
    ends: dict[tuple[int, str, int], float] = {}
    free, at = [0.0] * len(orders), [0] * len(orders)
    moved = True
    while moved:
        moved = False
        for s, order in enumerate(orders):
            while at[s] < len(order):
                kind, i = order[at[s]]
                needs = [(s - 1, "F", i)] if kind == "F" and s > 0 else []
                if kind == "B":
                    needs = [(s, "F", i)] + ([(s + 1, "B", i)] if s + 1 < len(orders) else [])
                if any(n not in ends for n in needs):
                    break
                free[s] += (forward if kind == "F" else backward)
                ends[s, kind, i] = free[s]
                at[s] += 1
                moved = True
    if any(at[s] < len(order) for s, order in enumerate(orders)):
        raise ValueError("the stages wait for each other for ever")
    return max(free, default=0.0)
