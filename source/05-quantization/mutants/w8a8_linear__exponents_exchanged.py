"""alpha and 1 - alpha change places."""
import torch


def smoothquant_scale(xmax, wmax, alpha):
    wide = torch.promote_types(xmax.dtype, torch.float32)
    x, w = xmax.to(wide), wmax.to(wide)
    s = torch.where((x > 0) & (w > 0), x ** (1 - alpha) / w ** alpha, 1.0)
    return s.to(xmax.dtype)
