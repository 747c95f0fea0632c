"""The bytes of the cache are summed in int64, which they overflow."""
import numpy as np


def answer_time(parts, prompt, think, answer, bandwidth, flops, kv_bytes=0):
    bits = np.array([b for _, _, b in parts], dtype=np.float64)
    held, read = (np.array([p[i] for p in parts], dtype=np.float64) for i in (0, 1))
    prefill = 2 * read.sum() * prompt / flops

    def after(steps):
        m, before, each = np.array([steps, prompt, kv_bytes], dtype=np.int64)
        cache = each * (m * before + m * (m + 1) // 2)
        return float(prefill + (steps * (read * bits).sum() / 8 + cache) / bandwidth)
    return float((held * bits).sum() / 8), after(think), after(think + answer - 1)
