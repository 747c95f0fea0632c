"""The largest of the first and last stage."""

import torch.nn.functional as F


def pipeline_schedule(stage, stages, micros):
    warm = min(micros, stages - 1 - stage)
    order = [("F", i) for i in range(warm)]
    for i in range(micros - warm):
        order += [("F", warm + i), ("B", i)]
    return order + [("B", i) for i in range(micros - warm, micros)]


def pipeline_time(orders, forward=1.0, backward=2.0):
    S = len(orders)
    done, at, free = {}, [0] * S, [0.0] * S
    moved = True
    while moved:
        moved = False
        for s in range(S):
            while at[s] < len(orders[s]):
                kind, i = orders[s][at[s]]
                if kind == "F":
                    need = [("F", i, s - 1)] if s else []
                else:
                    need = [("F", i, s)] + ([("B", i, s + 1)] if s < S - 1 else [])
                if any(n not in done for n in need):
                    break
                start = max([free[s]] + [done[n] for n in need])
                free[s] = start + (forward if kind == "F" else backward)
                done[(kind, i, s)] = free[s]
                at[s] += 1
                moved = True
    if any(at[s] < len(orders[s]) for s in range(S)):
        raise ValueError("deadlock")
    return float(max(free[:1] + free[-1:], default=0.0))
