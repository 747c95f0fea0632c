"""Slots are refilled only when the whole batch has ended, also in the continuous way."""
import heapq


def simulate_continuous(lengths, slots, arrivals=None):
    arrivals = [0] * len(lengths) if arrivals is None else arrivals
    free, latency, makespan = ([0] * slots, [0] * len(lengths), 0)
    for n, i in enumerate(sorted(range(len(lengths)), key=lambda i: (arrivals[i], i))):
        free = [max(free)] * slots if n % slots == 0 else free
        end = max(heapq.heappop(free), arrivals[i]) + lengths[i]
        heapq.heappush(free, end)
        latency[i], makespan = (end - arrivals[i], max(makespan, end))
    return (makespan, latency)
