"""Everything passes through float32."""
import torch


def rms_norm(x, weight, eps=1e-5):
    wide = x.to(torch.float32)
    return (wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + eps) * weight).to(x.dtype)
