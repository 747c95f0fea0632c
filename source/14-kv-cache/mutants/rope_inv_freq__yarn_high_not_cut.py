"""YaRN: high is not bounded by dim - 1."""
import math

import torch


def rope_inv_freq(dim, base, method, s, L0, beta_fast=32, beta_slow=1, low_freq_factor=1, high_freq_factor=4):
    i = torch.arange(0, dim, 2, dtype=torch.float64)
    f = base ** (-i / dim)
    if method == "linear":
        return f / s, 1.0
    if method == "ntk":
        return (base * s ** (dim / (dim - 2))) ** (-i / dim), 1.0
    if method == "yarn":
        def d(beta):
            return dim * math.log(L0 / (2 * math.pi * beta)) / (2 * math.log(base))
        low, high = max(math.floor(d(beta_fast)), 0), math.ceil(d(beta_slow))
        if low == high:
            high += 0.001
        ramp = ((torch.arange(dim // 2) - low) / (high - low)).clamp(0, 1)
        return f * (1 - ramp) + f / s * ramp, 0.1 * math.log(s) + 1
    if method == "llama3":
        turns = L0 * f / (2 * math.pi)
        keep = ((turns - low_freq_factor) / (high_freq_factor - low_freq_factor)).clamp(0, 1)
        return f * keep + f / s * (1 - keep), 1.0
    return f, 1.0
