"""By einsum, two operands at a time; an empty rank needs no branch."""
import torch


def lora_forward(x, W, A, B, alpha, bias=None, rank_stabilised=False):
    wide = torch.promote_types(x.dtype, torch.float32)
    r = max(A.shape[0], 1)
    down = torch.einsum("...i,ri->...r", x.to(wide), A.to(wide))
    up = torch.einsum("...r,or->...o", down, B.to(wide))
    y = torch.einsum("...i,oi->...o", x.to(wide), W.to(wide)) + up * alpha / (r ** 0.5 if rank_stabilised else r)
    y = y if bias is None else y + bias.to(wide)
    return y.to(x.dtype)
