"""Little's law is left out."""
import math


def capacity(qps, prompt, answer, prefill_rate, decode_rate, seconds, slots, headroom=0.0, hit_rate=0.0):
    work = qps * (prompt * (1 - hit_rate) / prefill_rate + answer / decode_rate)
    room = qps * seconds / slots
    return math.ceil(work / (1 - headroom) - 1e-09)
