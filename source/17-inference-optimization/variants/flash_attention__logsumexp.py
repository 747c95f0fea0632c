"""Blocks merged by their log-sum-exp; the output stays normalised."""
import torch


def flash_attention(q, k, v, block, causal=False, scale=None):
    wide = torch.float64 if q.dtype == torch.float64 else torch.float32
    B, H, N, E = q.shape
    S = k.shape[2]
    if scale is None:
        scale = 1 / E ** 0.5
    outs = []
    for rows, places in zip(q.split(block, 2), torch.arange(N).split(block)):
        rows = rows.to(wide)
        out = torch.zeros(B, H, rows.shape[2], v.shape[-1], dtype=wide)
        lse = torch.full((B, H, rows.shape[2], 1), float("-inf"), dtype=wide)
        for start in range(0, S, block):
            s = torch.einsum("bhne,bhse->bhns", rows, k[:, :, start:start + block].to(wide)) * scale
            if causal:
                keys = torch.arange(start, start + s.shape[-1])
                s = torch.where(keys[None] <= places[:, None] + (S - N), s, torch.tensor(float("-inf"), dtype=wide))
            here = s.logsumexp(-1, keepdim=True)
            both = torch.logaddexp(lse, here)
            part = (s - here).exp().nan_to_num(0.0) @ v[:, :, start:start + block].to(wide)
            out = out * (lse - both).exp().nan_to_num(0.0) + part * (here - both).exp().nan_to_num(0.0)
            lse = both
        outs.append(out)
    return torch.cat(outs, 2).to(q.dtype)
