"""Keys and values spelt out: right, and too slow for the timed aspect."""
import math

import torch


def mla_attention(q, c, k_rope, w_uk, w_uv):
    dtype = q.dtype
    q, c, k_rope, w_uk, w_uv = (a.double() for a in (q, c, k_rope, w_uk, w_uv))
    k = torch.cat([torch.einsum("sc,hnc->hsn", c, w_uk), k_rope[None].expand(len(q), -1, -1)], -1)
    p = torch.softmax((k @ q[:, :, None])[..., 0] / math.sqrt(q.shape[1]), 1)
    return (p[:, None] @ torch.einsum("sc,hvc->hsv", c, w_uv))[:, 0].to(dtype)
