"""The bias is part of the update and scaled with it."""
import math

import torch


def lora_forward(x, W, A, B, alpha, bias=None, rank_stabilised=False):
    wide, r = torch.promote_types(x.dtype, torch.float32), A.shape[0]
    x_wide = x.to(wide)
    y = x_wide @ W.to(wide).T
    if r > 0:
        scale = alpha / (math.sqrt(r) if rank_stabilised else r)
        y = y + scale * (x_wide @ A.to(wide).T) @ B.to(wide).T  # (…, in) -> (…, r) -> (…, out)
    if bias is not None:
        y = y + (bias.to(wide) * alpha / r if r else bias.to(wide))
    return y.to(x.dtype)
