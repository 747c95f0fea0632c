"""A static batch takes along who arrives one step after its start."""
import heapq


def simulate_static(lengths, slots, arrivals=None):
    n = len(lengths)
    at = [0] * n if arrivals is None else list(arrivals)
    order = sorted(range(n), key=lambda i: (at[i], i))
    now, latency, k = 0, [0] * n, 0
    while k < n:
        now = max(now, at[order[k]])
        batch = [i for i in order[k:k + slots] if at[i] <= now + (now > 0 and k > 0)]
        k += len(batch)
        now += max(lengths[i] for i in batch)
        for i in batch:
            latency[i] = now - at[i]
    return now, latency


def simulate_continuous(lengths, slots, arrivals=None):
    n = len(lengths)
    at = [0] * n if arrivals is None else list(arrivals)
    free, latency, last = [0] * slots, [0] * n, 0
    heapq.heapify(free)
    for i in sorted(range(n), key=lambda i: (at[i], i)):
        start = max(heapq.heappop(free), at[i])
        end = start + lengths[i]
        heapq.heappush(free, end)
        latency[i] = end - at[i]
        last = max(last, end)
    return last, latency
