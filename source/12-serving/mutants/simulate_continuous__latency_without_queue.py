"""Latency is the time in the slot; the queue is left out."""
import heapq


def simulate_continuous(lengths, slots, arrivals=None):
    arrivals = [0] * len(lengths) if arrivals is None else arrivals
    free, latency, makespan = ([0] * slots, [0] * len(lengths), 0)
    for i in sorted(range(len(lengths)), key=lambda i: (arrivals[i], i)):
        end = max(heapq.heappop(free), arrivals[i]) + lengths[i]
        heapq.heappush(free, end)
        latency[i], makespan = (lengths[i], max(makespan, end))
    return (makespan, latency)
