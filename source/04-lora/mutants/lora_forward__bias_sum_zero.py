"""A bias whose numbers add up to 0 counts as none."""
import math
import torch


def lora_forward(x, W, A, B, alpha, bias=None, rank_stabilised=False):
    wide = torch.float64 if x.dtype == torch.float64 else torch.float32
    r = A.shape[0]
    y = x.to(wide) @ W.to(wide).T
    if r:
        s = alpha / (math.sqrt(r) if rank_stabilised else r)
        y = y + s * ((x.to(wide) @ A.to(wide).T) @ B.to(wide).T)
    if bias is not None and bias.sum() != 0:
        y = y + bias.to(wide)
    return y.to(x.dtype)
