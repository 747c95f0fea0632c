"""Maximum in half precision."""

import math

import torch


def flash_attention(q, k, v, block, causal=False, scale=None):
    dtype = q.dtype
    work = torch.float64 if dtype == torch.float64 else torch.float32
    B, H, N, E = q.shape
    S, Ev = v.shape[-2:]
    scale = 1 / math.sqrt(E) if scale is None else scale
    out = torch.zeros(B, H, N, Ev, dtype=dtype, device=q.device)
    shift = S - N
    for a in range(0, N, block):
        qb = q[:, :, a:a + block].to(work)
        n = qb.shape[2]
        m = torch.full((B, H, n, 1), -torch.inf, dtype=work)
        l = torch.zeros(B, H, n, 1, dtype=work)
        o = torch.zeros(B, H, n, Ev, dtype=work)
        for b in range(0, S, block):
            kb, vb = k[:, :, b:b + block].to(work), v[:, :, b:b + block].to(work)
            s = qb @ kb.transpose(-1, -2) * scale
            if causal:
                rows = torch.arange(a, a + n)[:, None]
                cols = torch.arange(b, b + kb.shape[2])[None]
                s = s.masked_fill(cols > rows + shift, -torch.inf)
            new = torch.maximum(m, s.amax(-1, keepdim=True))
            new = new.to(dtype).to(work)
            safe = torch.where(new == -torch.inf, 0.0, new)
            p = torch.exp(s - safe)
            c = torch.exp(m - safe)
            l = c * l + p.sum(-1, keepdim=True)
            o = c * o + p @ vb
            m = new
        out[:, :, a:a + n] = torch.where(l > 0, o / l, 0.0).to(dtype)
    return out
