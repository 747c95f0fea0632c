"""The reciprocal root is rounded to half precision."""
import torch


def rms_norm(x, weight, eps=1e-5):
    wide = x.to(torch.promote_types(x.dtype, torch.float32))
    return (x * torch.rsqrt(wide.square().mean(-1, keepdim=True) + eps).to(x.dtype) * weight).to(x.dtype)
