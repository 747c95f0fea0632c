"""A loop over pairs, math only."""
import math

import torch


def rope_inv_freq(dim, base, method, s, L0, beta_fast=32, beta_slow=1, low_freq_factor=1, high_freq_factor=4):
    freqs, factor = [], 1.0
    def index(beta):
        return dim / 2 * math.log(L0 / (2 * math.pi * beta)) / math.log(base)
    for i in range(dim // 2):
        f = math.exp(-2 * i / dim * math.log(base))
        if method == "linear":
            f /= s
        elif method == "ntk":
            f /= s ** (2 * i / (dim - 2))
        elif method == "yarn":
            low, high = max(math.floor(index(beta_fast)), 0), min(math.ceil(index(beta_slow)), dim - 1)
            share = min(max((i - low) / ((high - low) or 1e-3), 0), 1)
            f = f * (1 - share) + f / s * share
        elif method == "llama3":
            turns = L0 * f / (2 * math.pi)
            if turns < low_freq_factor:
                f /= s
            elif turns < high_freq_factor:
                share = (turns - low_freq_factor) / (high_freq_factor - low_freq_factor)
                f = share * f + (1 - share) * f / s
        freqs.append(f)
    if method == "yarn":
        factor = 1 + math.log(s) / 10
    return torch.tensor(freqs), factor
