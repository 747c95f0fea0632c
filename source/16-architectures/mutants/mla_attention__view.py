"""Weights are viewed as one matrix, which wants them contiguous."""
import math

import torch


def mla_attention(q, c, k_rope, w_uk, w_uv):
    dtype = q.dtype
    if dtype != torch.float64:
        q, c, k_rope, w_uk, w_uv = (a.float() for a in (q, c, k_rope, w_uk, w_uv))
    N = w_uk.shape[1]
    carried = torch.einsum("hn,hnc->hc", q[:, :N], w_uk.view(-1, c.shape[1]).view_as(w_uk))
    s = (carried @ c.T + q[:, N:] @ k_rope.T) / math.sqrt(q.shape[1])
    latent = s.softmax(-1) @ c
    return torch.einsum("hvc,hc->hv", w_uv, latent).to(dtype)
