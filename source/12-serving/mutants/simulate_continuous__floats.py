"""Whole numbers come back as floats."""
import heapq


def simulate_static(lengths: list[int], slots: int,
                    arrivals: list[int] | None = None) -> tuple[int, list[int]]:
    """(makespan, latency of each request); a batch is refilled when all of it has ended.

    simulate_static([3, 1, 1], 2)  is  (4, [3, 3, 4])
    """
    arrivals = [0] * len(lengths) if arrivals is None else arrivals
    order = sorted(range(len(lengths)), key=lambda i: (arrivals[i], i))
    now, latency = 0, [0] * len(lengths)
    while order:
        now = max(now, arrivals[order[0]])
        batch = [i for i in order if arrivals[i] <= now][:slots]
        now += max(lengths[i] for i in batch)
        for i in batch:
            latency[i] = now - arrivals[i]
        order = order[len(batch):]
    return now, latency


def simulate_continuous(lengths: list[int], slots: int,
                        arrivals: list[int] | None = None) -> tuple[int, list[int]]:
    """(makespan, latency of each request); every free slot is refilled at every step.

    simulate_continuous([3, 1, 1], 2)  is  (3, [3, 1, 2])
    """
    arrivals = [0] * len(lengths) if arrivals is None else arrivals
    free, latency, makespan = [0] * slots, [0] * len(lengths), 0  # when each slot is free, as a heap
    for i in sorted(range(len(lengths)), key=lambda i: (arrivals[i], i)):
        end = max(heapq.heappop(free), arrivals[i]) + lengths[i]
        heapq.heappush(free, end)
        latency[i], makespan = end - arrivals[i], max(makespan, end)
    return float(makespan), [float(x) for x in latency]
