"""Divides in place."""
import torch


def rms_norm(x, weight, eps=1e-5):
    wide = x.to(torch.promote_types(x.dtype, torch.float32))
    x.mul_(torch.rsqrt(wide.square().mean(-1, keepdim=True) + eps))
    return (x * weight).to(x.dtype)
