"""With numpy, a tuple of numpy numbers."""
import numpy as np


def roofline_decode(batch, params, bytes_per_weight, cache_bytes, bandwidth, flops):
    seconds = np.array([params * bytes_per_weight / bandwidth + batch * cache_bytes / bandwidth, batch * params * 2 / flops])
    return batch / seconds.max(), ["memory", "compute"][int(seconds.argmax())]


def capacity(qps, prompt, answer, prefill_rate, decode_rate, seconds, slots, headroom=0.0, hit_rate=0.0):
    prefill, decode = qps * (1.0 - hit_rate) * prompt / prefill_rate, qps * answer / decode_rate
    return int(np.ceil(np.round(np.maximum(prefill + decode, seconds * qps / slots) / (1.0 - headroom), 9)))
