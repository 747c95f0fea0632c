"""q from the rounded scale; nibbles in two halves; F.linear."""
import torch
import torch.nn.functional as F


def pack_linear(W, g):
    out, size = W.shape
    w = W.to(torch.float32).reshape(out, size // g, g)
    lo, hi = w.amin(-1).clamp(max=0), w.amax(-1).clamp(min=0)
    scale = ((hi - lo) / 15).to(torch.float16)
    s = torch.where(scale == 0, torch.ones_like(scale), scale).float()
    z = torch.round(-lo / s).clamp(0, 15)
    q = (torch.round(w / s[..., None]) + z[..., None]).clamp(0, 15).reshape(out, size).to(torch.uint8)
    half = size // 2
    return {"w": q[:, :half] | (q[:, half:] << 4), "s": s.half(), "z": z.to(torch.uint8)}


def quant_linear(x, packed, bias=None):
    dt = torch.float64 if x.dtype == torch.float64 else torch.float32
    q = torch.cat([packed["w"] & 15, packed["w"] >> 4], dim=1).to(dt)
    out, groups = packed["s"].shape
    W = ((q.reshape(out, groups, -1) - packed["z"].to(dt)[..., None]) * packed["s"].to(dt)[..., None]).reshape(out, -1)
    return F.linear(x.to(dt), W, bias.to(dt) if bias is not None else None).to(x.dtype)
