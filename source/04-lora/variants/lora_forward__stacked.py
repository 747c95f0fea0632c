"""The scaled thin middle and x side by side: one product with [W, B]."""
import torch


def lora_forward(x, W, A, B, alpha, bias=None, rank_stabilised=False):
    wide = torch.promote_types(x.dtype, torch.float32)
    r = A.shape[0]
    scale = 0.0 if r == 0 else alpha / (r ** 0.5 if rank_stabilised else r)
    flat = x.to(wide).reshape(-1, x.shape[-1])
    middle = flat @ A.to(wide).T * scale
    y = torch.addmm(flat @ W.to(wide).T, middle, B.to(wide).T)
    if bias is not None:
        y = y + bias.to(wide)
    return y.reshape(*x.shape[:-1], W.shape[0]).to(x.dtype)
