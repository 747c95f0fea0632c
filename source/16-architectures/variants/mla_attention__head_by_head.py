"""A loop over heads, absorbed: right, and perhaps too slow for the timed aspect."""
import math

import torch


def mla_attention(q, c, k_rope, w_uk, w_uv):
    wide = torch.float64 if q.dtype == torch.float64 else torch.float32
    c, k_rope = c.to(wide), k_rope.to(wide)
    out = []
    for h in range(q.shape[0]):
        row, N = q[h].to(wide), w_uk.shape[1]
        s = c @ (w_uk[h].to(wide).T @ row[:N]) + k_rope @ row[N:]
        p = torch.softmax(s / math.sqrt(len(row)), 0)
        out.append(w_uv[h].to(wide) @ (p @ c))
    return torch.stack(out).to(q.dtype)
