"""Prefills one token at a time; right, if slow on real hardware."""
import torch


def generate_cached(model, ids, n, mask=None):
    B, T = ids.shape
    real = torch.ones(B, T, dtype=torch.bool) if mask is None else mask.clone()
    out, cache = ids.clone(), None
    for t in range(T + n - 1 if n else 0):
        if t >= real.shape[1]:
            real = torch.cat([real, torch.ones(B, 1, dtype=torch.bool)], 1)
        pos = (real[:, :t + 1].sum(1, keepdim=True) - 1).clamp_min(0)
        logits, cache = model(out[:, t:t + 1], pos, real[:, :t + 1], cache)
        if t >= T - 1:
            out = torch.cat([out, logits[:, -1:].argmax(-1)], 1)
    return out
