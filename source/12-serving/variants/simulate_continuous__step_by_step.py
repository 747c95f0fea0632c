"""Counts steps, one token for each slot in use."""
from collections import deque


def simulate_static(lengths, slots, arrivals=None):
    return simulate_continuous(lengths, slots, arrivals, static=True)


def simulate_continuous(lengths, slots, arrivals=None, static=False):
    arrivals = arrivals or [0] * len(lengths)
    waiting = deque(sorted(range(len(lengths)), key=lambda i: arrivals[i]))
    running, batch, latency, now, last = {}, [], [None] * len(lengths), 0, 0
    while waiting or running:
        if not static or not running:
            while waiting and len(running) < slots and arrivals[waiting[0]] <= now:
                i = waiting.popleft()
                running[i] = lengths[i]
                batch.append(i)
        now += 1
        running = {i: left - 1 for i, left in running.items()}
        ended = [i for i, left in running.items() if left <= 0]
        if not static:
            for i in ended:
                latency[i], last = now - arrivals[i], now
                del running[i]
        elif running and len(ended) == len(running):
            for i in batch:
                latency[i], last = now - arrivals[i], now
            running, batch = {}, []
    return last, latency
