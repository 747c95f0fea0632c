"""The scale is rounded to half precision."""
import math

import torch


def mla_attention(q, c, k_rope, w_uk, w_uv):
    dtype = q.dtype
    if dtype != torch.float64:
        q, c, k_rope, w_uk, w_uv = (a.float() for a in (q, c, k_rope, w_uk, w_uv))
    N = w_uk.shape[1]
    carried = torch.einsum("hn,hnc->hc", q[:, :N], w_uk)
    s = (carried @ c.T + q[:, N:] @ k_rope.T) * torch.tensor(q.shape[1] ** -0.5, dtype=dtype).to(c.dtype)
    latent = s.softmax(-1) @ c
    return torch.einsum("hvc,hc->hv", w_uv, latent).to(dtype)
