"""Loops over heads and queries."""
import torch


def alibi_slopes(heads):
    p = 1
    while p * 2 <= heads:
        p *= 2
    slopes, ratio = [], 2 ** (-8 / p)
    for i in range(p):
        slopes.append(ratio ** (i + 1))
    ratio = 2 ** (-8 / (2 * p))
    for i in range(heads - p):
        slopes.append(ratio ** (2 * i + 1))
    return torch.tensor(slopes)


def alibi_bias(heads, queries, keys, dtype=torch.float32):
    out = torch.full((heads, queries, keys), float("-inf"), dtype=dtype)
    for h, slope in enumerate(alibi_slopes(heads).tolist()):
        for i in range(queries):
            at = keys - queries + i
            out[h, i, :at + 1] = (-slope * torch.arange(at, -1, -1, dtype=torch.float64)).to(dtype)
    return out
