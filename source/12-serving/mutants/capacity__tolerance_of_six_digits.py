"""A demand within 1e-6 is whole."""
import math


def roofline_decode(batch, params, bytes_per_weight, cache_bytes, bandwidth, flops):
    read = (params * bytes_per_weight + batch * cache_bytes) / bandwidth
    compute = 2 * params * batch / flops
    regime = "compute" if compute > read else "memory"
    return batch / max(read, compute), regime


def capacity(qps, prompt, answer, prefill_rate, decode_rate, seconds, slots, headroom=0.0, hit_rate=0.0):
    busy = prompt * (1 - hit_rate) / prefill_rate + answer / decode_rate
    work = qps * busy
    room = qps * seconds / slots
    demand = max(work, room) / (1 - headroom)
    whole = round(demand)
    if abs(demand - whole) <= 1e-6:
        return whole
    return math.ceil(demand)
