"""The paper's recursion, a triangular mask, float32 inside."""
import math

import torch


def alibi_slopes(heads):
    def of_power(n):
        start = 2 ** (-(2 ** -(math.log2(n) - 3)))
        return [start * start ** i for i in range(n)]

    if math.log2(heads).is_integer():
        return torch.tensor(of_power(heads), dtype=torch.float32)
    closest = 2 ** math.floor(math.log2(heads))
    more = alibi_slopes(2 * closest)[0::2][:heads - closest]
    return torch.cat([torch.tensor(of_power(closest), dtype=torch.float32), more])


def alibi_bias(heads, queries, keys, dtype=torch.float32):
    j = torch.arange(keys, dtype=torch.float32)
    i = torch.arange(queries, dtype=torch.float32) + (keys - queries)
    bias = torch.einsum("h,ts->hts", alibi_slopes(heads), j - i[:, None])
    seen = torch.ones(queries, keys, dtype=torch.bool).tril(keys - queries)
    return torch.where(seen, bias, torch.tensor(-torch.inf)).to(dtype)
