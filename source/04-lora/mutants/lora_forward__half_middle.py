"""The thin middle is rounded to half precision."""
import math

import torch


def lora_forward(x, W, A, B, alpha, bias=None, rank_stabilised=False):
    wide, r = torch.promote_types(x.dtype, torch.float32), A.shape[0]
    x_wide = x.to(wide)
    y = x_wide @ W.to(wide).T
    if r > 0:
        scale = alpha / (math.sqrt(r) if rank_stabilised else r)
        y = y + scale * (x_wide @ A.to(wide).T).to(x.dtype).to(wide) @ B.to(wide).T  # (…, in) -> (…, r) -> (…, out)
    if bias is not None:
        y = y + bias.to(wide)
    return y.to(x.dtype)
