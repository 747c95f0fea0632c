"""A static batch waits until it is full."""


def simulate_static(lengths, slots, arrivals=None):
    arrivals = [0] * len(lengths) if arrivals is None else arrivals
    order = sorted(range(len(lengths)), key=lambda i: (arrivals[i], i))
    now, latency = (0, [0] * len(lengths))
    while order:
        batch = order[:slots]
        now = max(now, arrivals[batch[-1]])
        now += max((lengths[i] for i in batch))
        for i in batch:
            latency[i] = now - arrivals[i]
        order = order[len(batch):]
    return (now, latency)
