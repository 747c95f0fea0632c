"""Softmax over heads."""
import math

import torch


def mla_attention(q, c, k_rope, w_uk, w_uv):
    wide = torch.promote_types(q.dtype, torch.float32)
    dtype, N = q.dtype, w_uk.shape[1]
    q, c, k_rope, w_uk, w_uv = (a.to(wide) for a in (q, c, k_rope, w_uk, w_uv))
    carried = torch.einsum("hn,hnc->hc", q[:, :N], w_uk)  # the queries, in the space of the latents
    scores = (carried @ c.T + q[:, N:] @ k_rope.T) / math.sqrt(q.shape[-1])
    mean = scores.softmax(0) @ c  # (H, C)
    return torch.einsum("hc,hvc->hv", mean, w_uv).to(dtype)
