"""By counting what is in flight; times by relaxation until nothing changes."""


def pipeline_schedule(stage, stages, micros):
    order, f, b = [], 0, 0
    while len(order) < 2 * micros:
        if f < micros and f - b < stages - stage:
            order.append(("F", f))
            f += 1
        else:
            order.append(("B", b))
            b += 1
    return order


def pipeline_time(orders, forward=1.0, backward=2.0):
    S, ends = len(orders), {}
    total = sum(len(order) for order in orders)
    for _ in range(total + 1):
        before = dict(ends)
        for s in range(S):
            now, known = 0.0, True
            for kind, i in orders[s]:
                needs = [now if known else None]
                if kind == "F":
                    needs += [ends.get((s - 1, "F", i))] if s else []
                    span = forward
                else:
                    needs += [ends.get((s, "F", i))] + ([ends.get((s + 1, "B", i))] if s < S - 1 else [])
                    span = backward
                if None in needs:
                    break
                now = max(needs) + span
                ends[s, kind, i] = now
        if ends == before:
            break
    if len(ends) < total:
        raise ValueError("deadlock")
    return max(ends.values(), default=0.0)
