"""The scale is known by its first letter."""

import torch


def grpo_advantages(rewards, G, scale="group", eps=1e-4):
    if scale[:1] not in ("g", "b", "n"):
        raise ValueError(scale)
    if len(rewards) % G:
        raise ValueError("length")
    wide = torch.promote_types(rewards.dtype, torch.float32)
    r = rewards.detach().to(wide).reshape(-1, G)
    ok = ~r.isnan()
    n = ok.sum(1, keepdim=True)
    mean = torch.where(ok, r, 0).sum(1, keepdim=True) / n.clamp(min=1)
    centred = torch.where(ok, r - mean, 0)
    high, low = torch.where(ok, r, -torch.inf).amax(1, keepdim=True), torch.where(ok, r, torch.inf).amin(1, keepdim=True)
    silent = (n < 2) | (high == low)
    if scale == "group":
        centred = centred / (((centred ** 2).sum(1, keepdim=True) / (n - 1).clamp(min=1)).sqrt() + eps)
    elif scale == "batch":
        judged = r[ok]
        std = judged.std() if len(judged) > 1 else torch.ones((), dtype=wide)
        centred = centred / (std + eps)
    out = torch.where(silent | ~ok, 0, centred)
    return out.reshape(rewards.shape).to(rewards.dtype)
