"""timed: the update is merged into a copy of the weight in every call."""
import torch.nn.functional as F


def lora_forward(x, W, A, B, alpha, bias=None, rank_stabilised=False):
    r = A.shape[0]
    scale = alpha / (r ** 0.5 if rank_stabilised else r)
    return F.linear(x, W + scale * B @ A, bias)
