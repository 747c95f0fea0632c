"""Slots as a numpy array; the earliest free one by argmin."""
import numpy as np


def simulate_static(lengths, slots, arrivals=None):
    if not lengths:
        return 0, []
    lengths = np.array(lengths)
    arrivals = np.zeros(len(lengths), dtype=int) if arrivals is None else np.array(arrivals)
    order, latency, now, at = np.argsort(arrivals, kind="stable"), np.zeros(len(lengths), dtype=int), 0, 0
    while at < len(order):
        now = max(now, arrivals[order[at]])
        size = min(np.searchsorted(arrivals[order], now, side="right") - at, slots)
        batch = order[at:at + size]
        now = now + lengths[batch].max()
        latency[batch] = now - arrivals[batch]
        at += size
    return int(now), latency.tolist()


def simulate_continuous(lengths, slots, arrivals=None):
    if not lengths:
        return 0, []
    arrivals = np.zeros(len(lengths), dtype=int) if arrivals is None else np.array(arrivals)
    free, latency = np.zeros(slots, dtype=int), np.zeros(len(lengths), dtype=int)
    for i in np.argsort(arrivals, kind="stable"):
        slot = free.argmin()
        free[slot] = max(free[slot], arrivals[i]) + lengths[i]
        latency[i] = free[slot] - arrivals[i]
    return int((latency + arrivals).max()), [int(x) for x in latency]
