"""timed: keys and values of all cached tokens spelt out."""
import math

import torch


def mla_attention(q, c, k_rope, w_uk, w_uv):
    wide = torch.promote_types(q.dtype, torch.float32)
    dtype, S, H = q.dtype, len(c), len(q)
    q, c, k_rope, w_uk, w_uv = (a.to(wide) for a in (q, c, k_rope, w_uk, w_uv))
    k = torch.cat([(c @ w_uk.flatten(0, 1).T).unflatten(1, (H, -1)), k_rope[:, None].expand(S, H, -1)], -1)
    v = (c @ w_uv.flatten(0, 1).T).unflatten(1, (H, -1))
    p = (torch.einsum("hn,shn->hs", q, k) / math.sqrt(q.shape[-1])).softmax(-1)
    return torch.einsum("hs,shv->hv", p, v).to(dtype)
