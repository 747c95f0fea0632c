"""timed: two thin products, the scale in the middle."""
import torch
import torch.nn.functional as F


def lora_forward(x, W, A, B, alpha, bias=None, rank_stabilised=False):
    wide = torch.promote_types(x.dtype, torch.float32)
    y = F.linear(x.to(wide), W.to(wide), None if bias is None else bias.to(wide))
    if A.shape[0]:
        scale = alpha * A.shape[0] ** (-0.5 if rank_stabilised else -1.0)
        y = y + F.linear(scale * F.linear(x.to(wide), A.to(wide)), B.to(wide))
    return y.to(x.dtype)
