"""The guide: each block has its own softmax, and all are summed."""
import torch


def flash_attention(q, k, v, block, causal=False, scale=None):
    N, S = q.shape[2], k.shape[2]
    wide = torch.promote_types(q.dtype, torch.float32)
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    out = torch.zeros(*q.shape[:3], v.shape[-1], dtype=q.dtype)
    for a in range(0, N, block):
        rows = q[:, :, a:a + block].to(wide) * scale
        n = rows.shape[2]
        last = torch.arange(a, a + n)[:, None] + S - N  # the last key that each query sees
        m = torch.full((*rows.shape[:3], 1), -torch.inf, dtype=wide)
        total, o = torch.zeros_like(m), torch.zeros(*rows.shape[:3], v.shape[-1], dtype=wide)
        for b in range(0, S, block):
            if causal and b > a + n - 1 + S - N:
                break
            scores = rows @ k[:, :, b:b + block].to(wide).transpose(-1, -2)
            if causal:
                scores = scores.masked_fill(torch.arange(b, b + scores.shape[-1]) > last, -torch.inf)
            new = scores.amax(-1, keepdim=True)
            safe = new.masked_fill(new == -torch.inf, 0.0)  # a query that has seen nothing yet
            weights, old = (scores - safe).exp(), (m - safe).exp()
            o, total = o + (weights / weights.sum(-1, keepdim=True).clamp(min=1e-30)) @ v[:, :, b:b + block].to(wide), torch.ones_like(total)
        out[:, :, a:a + n] = (o / total.masked_fill(total == 0, 1.0)).to(q.dtype)
    return out
