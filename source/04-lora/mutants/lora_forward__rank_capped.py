"""The scale stops falling at r = 64."""
import math
import torch


def lora_forward(x, W, A, B, alpha, bias=None, rank_stabilised=False):
    wide = torch.float64 if x.dtype == torch.float64 else torch.float32
    r = A.shape[0]
    y = x.to(wide) @ W.to(wide).T
    if r:
        s = alpha / (math.sqrt(min(r, 64)) if rank_stabilised else min(r, 64))
        y = y + s * ((x.to(wide) @ A.to(wide).T) @ B.to(wide).T)
    if bias is not None:
        y = y + bias.to(wide)
    return y.to(x.dtype)
