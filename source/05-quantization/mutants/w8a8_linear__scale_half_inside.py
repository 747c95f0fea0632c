"""The factors are computed in half precision."""
import torch


def smoothquant_scale(xmax, wmax, alpha):
    wide = xmax.dtype
    x, w = xmax.to(wide), wmax.to(wide)
    s = torch.where((x > 0) & (w > 0), x ** alpha / w ** (1 - alpha), 1.0)
    return s.to(xmax.dtype)
