"""Float32 throughout, triu mask and slice of the square."""

import torch


def alibi_slopes(heads):
    p = 1 << (heads.bit_length() - 1)
    i = torch.arange(1, p + 1, dtype=torch.float64)
    j = torch.arange(1, 2 * p + 1, 2, dtype=torch.float64)[:heads - p]
    return torch.cat([torch.exp2(-8 * i / p), torch.exp2(-8 * j / (2 * p))]).to(torch.float32)


def alibi_bias(heads, queries, keys, dtype=torch.float32):
    at = torch.arange(keys)
    rel = (at[None, :] - at[:, None])[keys - queries:]
    bias = alibi_slopes(heads).view(-1, 1, 1) * rel.float()
    return bias.masked_fill(rel > 0, float("-inf")).to(dtype)
