"""Prefill and decode do not share the GPU: the larger counts."""
import math


def capacity(qps, prompt, answer, prefill_rate, decode_rate, seconds, slots, headroom=0.0, hit_rate=0.0):
    work = qps * max(prompt * (1 - hit_rate) / prefill_rate, answer / decode_rate)
    room = qps * seconds / slots
    return math.ceil(max(work, room) / (1 - headroom) - 1e-09)
