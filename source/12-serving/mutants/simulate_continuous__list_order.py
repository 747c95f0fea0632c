"""The order of the list is taken for the order of arrival."""
import heapq


def simulate_continuous(lengths, slots, arrivals=None):
    arrivals = [0] * len(lengths) if arrivals is None else arrivals
    free, latency, makespan = ([0] * slots, [0] * len(lengths), 0)
    for i in range(len(lengths)):
        end = max(heapq.heappop(free), arrivals[i]) + lengths[i]
        heapq.heappush(free, end)
        latency[i], makespan = (end - arrivals[i], max(makespan, end))
    return (makespan, latency)
