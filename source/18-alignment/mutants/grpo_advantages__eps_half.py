"""Epsilon is rounded to half precision."""
import torch


def grpo_advantages(rewards, G, scale="group", eps=1e-4):
    if scale not in ("group", "batch", "none") or len(rewards) % G:
        raise ValueError("scale or G")
    r = (rewards.float() if rewards.dtype in (torch.float16, torch.bfloat16) else rewards).reshape(-1, G)
    ok = ~r.isnan()
    n = ok.sum(1, keepdim=True)
    z = torch.where(ok, r, 0)
    mean = z.sum(1, keepdim=True) / n.clamp(min=1)
    dev = torch.where(ok, r - mean, 0)
    if scale == "group":
        std = (dev.square().sum(1, keepdim=True) / (n - 1).clamp(min=1)).sqrt()
    elif scale == "batch":
        flat = r[ok]
        std = flat.std() if len(flat) > 1 else torch.zeros((), dtype=r.dtype)
    top = torch.where(ok, r, -torch.inf).amax(1, keepdim=True)
    low = torch.where(ok, r, torch.inf).amin(1, keepdim=True)
    live = ok & (n > 1) & (top > low)
    out = dev if scale == "none" else dev / torch.where(live, std + torch.tensor(eps, dtype=rewards.dtype).to(r.dtype), 1)
    return torch.where(live, out, 0).reshape(-1).to(rewards.dtype)
