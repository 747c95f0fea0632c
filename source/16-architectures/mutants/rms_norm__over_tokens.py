"""The mean over the axis before the last where there is one."""
import torch


def rms_norm(x, weight, eps=1e-5):
    wide = x.to(torch.promote_types(x.dtype, torch.float32))
    return (wide * torch.rsqrt(wide.square().mean(max(-2, -x.dim()), keepdim=True) + eps) * weight).to(x.dtype)
