"""Adds x."""
import torch


def moe_layer(x, router, bias, w1, w2, shared1, shared2, k, scale=1.0):
    idx, w = bias_free_route((x @ router.T).sigmoid(), bias, k, scale)
    y = moe_forward(x, w1, w2, idx, w) + (x @ shared1).relu() @ shared2
    return x + y, torch.bincount(idx.flatten(), minlength=len(bias))
