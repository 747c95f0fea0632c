"""Float64 inside, weights from the total."""
import torch


def merge_attention(parts):
    if len(parts) == 0:
        raise ValueError
    outs = torch.stack([o.double() for o, _ in parts])
    lses = torch.stack([e.double() for _, e in parts])
    total = torch.logsumexp(lses, dim=0)
    safe = torch.where(torch.isinf(total), 0.0, total)
    weights = torch.exp(lses - safe)
    outs = outs.clone()
    outs[lses == float("-inf")] = 0.0
    out = torch.einsum("p...,p...d->...d", weights, outs)
    return out.to(parts[0][0].dtype), total.to(parts[0][1].dtype)
