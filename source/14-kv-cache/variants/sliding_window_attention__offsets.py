"""A loop over the w offsets with online softmax."""
import torch
import torch.nn.functional as F


def sliding_window_attention(q, k, v, w):
    qs, T = q.float() / q.shape[-1] ** 0.5, q.shape[2]
    m, l, o = (qs * k.float()).sum(-1, keepdim=True), torch.ones(*q.shape[:3], 1), v.float()
    for d in range(1, min(w, T)):
        s = torch.full_like(m, -torch.inf)
        s[:, :, d:] = (qs[:, :, d:] * k[:, :, :T - d].float()).sum(-1, keepdim=True)
        vv = F.pad(v.float(), (0, 0, d, 0))[:, :, :T]
        top = torch.maximum(m, s)
        l, o = l * (m - top).exp() + (s - top).exp(), o * (m - top).exp() + (s - top).exp() * vv
        m = top
    return (o / l).to(q.dtype)
