"""A request may begin before it has arrived."""
import heapq


def simulate_continuous(lengths, slots, arrivals=None):
    arrivals = [0] * len(lengths) if arrivals is None else arrivals
    free, latency, makespan = ([0] * slots, [0] * len(lengths), 0)
    for i in sorted(range(len(lengths)), key=lambda i: (arrivals[i], i)):
        end = heapq.heappop(free) + lengths[i]
        heapq.heappush(free, end)
        latency[i], makespan = (end - arrivals[i], max(makespan, end))
    return (makespan, latency)
