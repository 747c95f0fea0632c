"""Own block and block before as two attentions, merged by their log-sum-exp in float32."""
import math

import torch
import torch.nn.functional as F


def sliding_window_attention(q, k, v, w):
    B, H, T, E = q.shape
    wide = torch.promote_types(q.dtype, torch.float32)
    w = min(w, T)
    pad = -T % w
    q_, k_, v_ = (F.pad(x.to(wide), (0, 0, 0, pad)).reshape(B, H, -1, w, E) for x in (q, k, v))
    before_k, before_v = (torch.cat([torch.zeros_like(x[:, :, :1]), x[:, :, :-1]], 2) for x in (k_, v_))
    i, j = torch.arange(w)[:, None], torch.arange(w)
    parts = []
    for keys, values, seen in [(k_, v_, j <= i), (before_k, before_v, j > i)]:
        s = q_ @ keys.mT / math.sqrt(E)
        s = s.masked_fill(~seen, -torch.inf)
        if keys is before_k:
            s[:, :, 0] = -torch.inf
        lse = torch.logsumexp(s, -1, keepdim=True)
        parts.append((lse, torch.exp(s - lse.masked_fill(lse == -torch.inf, 0)) @ values))
    (a, own), (b, old) = parts
    both = torch.logaddexp(a, b)
    out = own * torch.exp(a - both) + old * torch.exp(b - both)
    return out.reshape(B, H, -1, E)[:, :, :T].to(q.dtype)
