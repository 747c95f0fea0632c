"""The gradients stacked, one weighted sum each, in float64."""
import torch


def combine_means(parts):
    live = [p for p in parts if p[2] != 0]
    total = sum(p[2] for p in live)
    out = []
    for i, like in enumerate(parts[0][1]):
        dtype = torch.float64 if like.dtype == torch.float64 else torch.float32
        if live:
            share = torch.tensor([p[2] / total for p in live], dtype=torch.float64)
            out.append(torch.tensordot(share, torch.stack([p[1][i].double() for p in live]), dims=1).to(dtype))
        else:
            out.append(torch.zeros(like.shape, dtype=dtype))
    return (sum(p[0] * p[2] for p in live) / total if live else 0.0), out, total
