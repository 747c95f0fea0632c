"""x.view fails on strided x"""
import math
import torch


def lora_forward(x, W, A, B, alpha, bias=None, rank_stabilised=False):
    c = torch.float32 if x.dtype in (torch.float16, torch.bfloat16) else x.dtype
    X = x.to(c).view(-1, x.shape[-1])
    y = X @ W.to(c).T
    r = A.shape[0]
    if r > 0:
        s = alpha / (math.sqrt(r) if rank_stabilised else r)
        y = y + s * ((X @ A.to(c).T) @ B.to(c).T)
    if bias is not None:
        y = y + bias.to(c)
    return y.view(*x.shape[:-1], W.shape[0]).to(x.dtype)
