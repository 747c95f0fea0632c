"""In the static way an answer leaves when it is complete, not with its batch."""


def simulate_static(lengths, slots, arrivals=None):
    arrivals = [0] * len(lengths) if arrivals is None else arrivals
    order = sorted(range(len(lengths)), key=lambda i: (arrivals[i], i))
    now, latency = (0, [0] * len(lengths))
    while order:
        now = max(now, arrivals[order[0]])
        batch = [i for i in order if arrivals[i] <= now][:slots]
        for i in batch:
            latency[i] = now + lengths[i] - arrivals[i]
        now += max((lengths[i] for i in batch))
        order = order[len(batch):]
    return (now, latency)
