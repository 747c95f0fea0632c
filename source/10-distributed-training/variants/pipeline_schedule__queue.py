"""A queue of events."""


def pipeline_schedule(stage, stages, micros):
    warm = min(micros, stages - stage - 1)
    out = [("F", k) for k in range(warm)]
    f, b = warm, 0
    while f < micros:
        out.append(("F", f))
        f += 1
        out.append(("B", b))
        b += 1
    while b < micros:
        out.append(("B", b))
        b += 1
    return out


def pipeline_time(orders, forward=1.0, backward=2.0):
    import heapq
    S = len(orders)
    waiting = {}
    clock, index, done, heap = [0.0] * S, [0] * S, {}, [(0.0, s) for s in range(S)]
    remaining = sum(map(len, orders))
    end = 0.0
    while heap:
        _, s = heapq.heappop(heap)
        if index[s] == len(orders[s]):
            continue
        kind, i = orders[s][index[s]]
        deps = []
        if kind == "F":
            if s > 0:
                deps.append((s - 1, "F", i))
        else:
            deps.append((s, "F", i))
            if s + 1 < S:
                deps.append((s + 1, "B", i))
        missing = [d for d in deps if d not in done]
        if missing:
            waiting.setdefault(missing[0], []).append(s)
            continue
        start = max([clock[s]] + [done[d] for d in deps])
        clock[s] = start + (forward if kind == "F" else backward)
        done[(s, kind, i)] = clock[s]
        end = max(end, clock[s])
        index[s] += 1
        remaining -= 1
        heapq.heappush(heap, (clock[s], s))
        for other in waiting.pop((s, kind, i), []):
            heapq.heappush(heap, (clock[s], other))
    if remaining:
        raise ValueError("deadlock")
    return end
