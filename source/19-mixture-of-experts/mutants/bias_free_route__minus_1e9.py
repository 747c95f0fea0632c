"""groups that are out get a large negative number, not minus infinity"""
import math

import numpy as np
import torch
import torch.nn.functional as F


def bias_free_route(scores, bias, k, scale=1.0, n_group=1, topk_group=1, renorm=True):
    wide = torch.promote_types(scores.dtype, bias.dtype)
    s = scores.to(torch.promote_types(scores.dtype, torch.float32))
    c = (scores.to(wide) + bias.to(wide)).detach()
    T, E = c.shape
    n = E // n_group
    g = c.reshape(T, n_group, n)
    best = g.sort(dim=-1, descending=True)[0][..., :2].sum(-1)
    keep = best.argsort(dim=-1, descending=True, stable=True)[:, :topk_group]
    out = torch.ones(T, n_group, dtype=torch.bool).scatter(1, keep, False)
    c = c.masked_fill(out.repeat_interleave(n, 1), -1e9)
    idx = c.argsort(dim=-1, descending=True, stable=True)[:, :k]
    w = s.gather(1, idx)
    if renorm:
        w = w / w.sum(-1, keepdim=True)
    return idx, (w * scale).to(scores.dtype)
