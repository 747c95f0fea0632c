"""Rates instead of times; the cases written out."""
import math


def roofline_decode(batch, params, bytes_per_weight, cache_bytes, bandwidth, flops):
    steps_by_memory = bandwidth / (params * bytes_per_weight + cache_bytes * batch)
    steps_by_compute = flops / (2.0 * params * batch)
    if steps_by_memory <= steps_by_compute:
        return steps_by_memory * batch, "memory"
    return steps_by_compute * batch, "compute"


def capacity(qps, prompt, answer, prefill_rate, decode_rate, seconds, slots, headroom=0.0, hit_rate=0.0):
    busy = qps * prompt * (1 - hit_rate) / prefill_rate + qps * answer / decode_rate
    need = max(busy, qps * seconds / slots) / (1 - headroom)
    nearest = round(need)
    return nearest if abs(need - nearest) <= 1e-9 * max(nearest, 1) else math.floor(need) + 1
