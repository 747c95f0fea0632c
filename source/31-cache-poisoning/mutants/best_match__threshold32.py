"""The threshold compared in float32."""

import torch


def best_match(query, keys, threshold, live=None):
    if len(keys) == 0:
        return None
    if keys.dtype in (torch.float16, torch.bfloat16):
        query, keys = query.float(), keys.float()
    size = keys.norm(dim=-1) * query.norm()
    cos = torch.where(size > 0, keys @ query / torch.where(size > 0, size, 1.0), 0.0)
    if live is not None:
        cos = torch.where(live, cos, -torch.inf)
    best = int(cos.argmax())
    if live is not None and not bool(live[best]):
        return None
    value = float(cos[best])
    return (best, value) if torch.tensor(value, dtype=torch.float32) >= torch.tensor(threshold, dtype=torch.float32) else None
