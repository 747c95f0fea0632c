"""Length one: divided by the norm."""
import torch


def rms_norm(x, weight, eps=1e-5):
    wide = x.to(torch.promote_types(x.dtype, torch.float32))
    return (wide * (wide.norm(dim=-1, keepdim=True) + eps).reciprocal() * weight).to(x.dtype)
