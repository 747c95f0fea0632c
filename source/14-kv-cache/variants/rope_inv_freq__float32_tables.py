"""float32 throughout, written like transformers."""
import math

import torch


def rope_inv_freq(dim, base, method, s, L0, beta_fast=32, beta_slow=1, low_freq_factor=1, high_freq_factor=4):
    pos_freqs = base ** (torch.arange(0, dim, 2).float() / dim)
    plain, factor = 1.0 / pos_freqs, 1.0
    if method == "default":
        return plain, factor
    if method == "linear":
        return 1.0 / (s * pos_freqs), factor
    if method == "ntk":
        return 1.0 / ((base * s ** (dim / (dim - 2))) ** (torch.arange(0, dim, 2).float() / dim)), factor
    if method == "yarn":
        low = math.floor(dim * math.log(L0 / (beta_fast * 2 * math.pi)) / (2 * math.log(base)))
        high = math.ceil(dim * math.log(L0 / (beta_slow * 2 * math.pi)) / (2 * math.log(base)))
        low, high = max(low, 0), min(high, dim - 1)
        if low == high:
            high += 0.001
        keep = 1 - torch.clamp((torch.arange(dim // 2, dtype=torch.float32) - low) / (high - low), 0, 1)
        return plain / s * (1 - keep) + plain * keep, 1.0 if s <= 1 else 0.1 * math.log(s) + 1.0
    wavelength = 2 * math.pi / plain
    scaled = torch.where(wavelength > L0 / low_freq_factor, plain / s, plain)
    smooth = (L0 / wavelength - low_freq_factor) / (high_freq_factor - low_freq_factor)
    middle = (wavelength >= L0 / high_freq_factor) & (wavelength <= L0 / low_freq_factor)
    return torch.where(middle, (1 - smooth) * plain / s + smooth * plain, scaled), factor
