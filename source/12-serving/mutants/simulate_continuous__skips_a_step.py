"""A freed slot stays empty for one step before the next request."""
import heapq


def simulate_continuous(lengths, slots, arrivals=None):
    arrivals = [0] * len(lengths) if arrivals is None else arrivals
    free, latency, makespan = ([0] * slots, [0] * len(lengths), 0)
    for i in sorted(range(len(lengths)), key=lambda i: (arrivals[i], i)):
        end = max(heapq.heappop(free), arrivals[i]) + lengths[i]
        heapq.heappush(free, end + 1)
        latency[i], makespan = (end - arrivals[i], max(makespan, end))
    return (makespan, latency)
