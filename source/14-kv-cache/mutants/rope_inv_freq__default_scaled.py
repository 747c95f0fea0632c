"""default divides by s as well."""
import math

import torch


def rope_inv_freq(dim, base, method, s, L0, beta_fast=32, beta_slow=1, low_freq_factor=1, high_freq_factor=4):
    exponent = -torch.arange(0, dim, 2, dtype=torch.float64) / dim
    freq = base ** exponent
    if method == "linear":
        return freq / s, 1.0
    if method == "ntk":
        return (base * s ** (dim / (dim - 2))) ** exponent, 1.0
    if method == "yarn":
        low, high = (dim * math.log(L0 / (2 * math.pi * beta)) / (2 * math.log(base)) for beta in (beta_fast, beta_slow))
        low, high = max(math.floor(low), 0), min(math.ceil(high), dim - 1)
        slow = ((torch.arange(dim // 2) - low) / max(high - low, 0.001)).clamp(0, 1)
        return freq * (1 - slow) + freq / s * slow, 0.1 * math.log(s) + 1.0
    if method == "llama3":
        turns = L0 * freq / (2 * math.pi)
        fast = ((turns - low_freq_factor) / (high_freq_factor - low_freq_factor)).clamp(0, 1)
        return freq * fast + freq / s * (1 - fast), 1.0
    return freq / s, 1.0
