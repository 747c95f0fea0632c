"""A factor is 1 only where the formula gives no finite positive number."""
import torch


def smoothquant_scale(xmax, wmax, alpha):
    dtype = torch.promote_types(xmax.dtype, torch.float32)
    x, w = xmax.to(dtype), wmax.to(dtype)
    s = x ** alpha / w ** (1 - alpha)
    return torch.where(~torch.isfinite(s) | (s == 0), 1, s).to(xmax.dtype)
