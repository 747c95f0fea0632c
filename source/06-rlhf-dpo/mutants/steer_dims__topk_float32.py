"""topk_dims compares in float32."""
import torch


def steer_dims(h, idx, strengths):
    if len(idx) != len(strengths) or len(set(idx)) != len(idx):
        raise ValueError("each dimension once, with one strength each")
    d = torch.promote_types(h.dtype, torch.float32)
    out = h.clone()
    for i, s in zip(idx, strengths):
        out[..., i] = (h[..., i].to(d) * (1 + s)).to(h.dtype)
    return out


def topk_dims(delta, k):
    return delta.abs().float().topk(k).indices
