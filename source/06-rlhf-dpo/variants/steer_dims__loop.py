"""A loop over dimensions; plain sorting."""
import torch


def steer_dims(h, idx, strengths):
    if len(idx) != len(strengths):
        raise ValueError("as many strengths as dimensions")
    seen, out = set(), h.clone()
    for i, s in zip(idx, strengths):
        if i in seen:
            raise ValueError(f"dimension {i} twice")
        seen.add(i)
        out[..., i] = h[..., i] + s * h[..., i]
    return out


def topk_dims(delta, k):
    size = delta.abs().tolist()
    return torch.tensor(sorted(range(len(size)), key=size.__getitem__, reverse=True)[:k])
