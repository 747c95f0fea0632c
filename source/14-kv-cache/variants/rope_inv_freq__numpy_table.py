"""A dictionary of functions, numpy inside, float64 tensor out."""
import math

import numpy as np
import torch


def rope_inv_freq(dim, base, method, s, L0, beta_fast=32, beta_slow=1, low_freq_factor=1, high_freq_factor=4):
    i = np.arange(dim // 2)
    theta = np.power(float(base), -2.0 * i / dim)
    turns = L0 * theta / (2 * np.pi)

    def yarn():
        lo, hi = [dim * np.log(L0 / (2 * np.pi * b)) / (2 * np.log(base)) for b in (beta_fast, beta_slow)]
        lo, hi = max(np.floor(lo), 0), min(np.ceil(hi), dim - 1)
        return np.interp(i, [lo, max(hi, lo + 0.001)], [0.0, 1.0])

    slow = {"default": lambda: 0 * theta, "linear": lambda: 1 + 0 * theta, "yarn": yarn, "ntk": lambda: 0 * theta,
            "llama3": lambda: 1 - np.clip((turns - low_freq_factor) / (high_freq_factor - low_freq_factor), 0, 1)}[method]()
    if method == "ntk":
        theta = np.power(base * s ** (dim / (dim - 2)), -2.0 * i / dim)
    return torch.from_numpy(theta * (1 - slow + slow / s)), (0.1 * math.log(s) + 1 if method == "yarn" else 1.0)
