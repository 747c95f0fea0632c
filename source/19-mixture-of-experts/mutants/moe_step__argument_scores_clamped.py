"""scores kept away from 0"""
import math

import numpy as np
import torch
import torch.nn.functional as F


NAMES = "router", "w1", "w2", "shared1", "shared2"


def moe_layer(x, router, bias, w1, w2, shared1, shared2, k, scale=1.0):
    idx, w = bias_free_route((x @ router.T).sigmoid().clamp(min=1e-3), bias, k, scale)
    y = moe_forward(x, w1, w2, idx, w) + (x @ shared1).relu() @ shared2
    return y, torch.bincount(idx.flatten(), minlength=len(router))


def moe_step(layer, x, y, k, lr, gamma, scale=1.0):
    p = {n: layer[n].detach().clone().requires_grad_() for n in NAMES}
    out, counts = moe_layer(x, p["router"], layer["bias"], p["w1"], p["w2"], p["shared1"], p["shared2"], k, scale)
    loss = (out - y).square().mean()
    grads = torch.autograd.grad(loss, [p[n] for n in NAMES])
    new = {n: (p[n] - lr * g).detach() for n, g in zip(NAMES, grads)}
    new["bias"] = update_bias(layer["bias"], counts, gamma)
    return new, loss.item(), counts
