"""The caller's list of lengths is emptied like a queue."""
import heapq


def simulate_static(lengths, slots, arrivals=None):
    arrivals = [0] * len(lengths) if arrivals is None else arrivals
    order = sorted(range(len(lengths)), key=lambda i: (arrivals[i], i))
    now, latency = (0, [0] * len(lengths))
    while order:
        now = max(now, arrivals[order[0]])
        batch = [i for i in order if arrivals[i] <= now][:slots]
        now += max((lengths[i] for i in batch))
        for i in batch:
            latency[i] = now - arrivals[i]
        order = order[len(batch):]
    lengths.clear()
    return (now, latency)


def simulate_continuous(lengths, slots, arrivals=None):
    arrivals = [0] * len(lengths) if arrivals is None else arrivals
    free, latency, makespan = ([0] * slots, [0] * len(lengths), 0)
    for i in sorted(range(len(lengths)), key=lambda i: (arrivals[i], i)):
        end = max(heapq.heappop(free), arrivals[i]) + lengths[i]
        heapq.heappush(free, end)
        latency[i], makespan = (end - arrivals[i], max(makespan, end))
    lengths.clear()
    return (makespan, latency)
