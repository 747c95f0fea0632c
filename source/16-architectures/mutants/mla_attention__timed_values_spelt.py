"""timed: the queries are carried, but the values are spelt out."""
import math

import torch


def mla_attention(q, c, k_rope, w_uk, w_uv):
    wide = torch.promote_types(q.dtype, torch.float32)
    dtype, N, H = q.dtype, w_uk.shape[1], len(q)
    q, c, k_rope, w_uk, w_uv = (a.to(wide) for a in (q, c, k_rope, w_uk, w_uv))
    scores = (torch.einsum("hn,hnc->hc", q[:, :N], w_uk) @ c.T + q[:, N:] @ k_rope.T) / math.sqrt(q.shape[-1])
    v = (c @ w_uv.flatten(0, 1).T).unflatten(1, (H, -1))
    return torch.einsum("hs,shv->hv", scores.softmax(-1), v).to(dtype)
