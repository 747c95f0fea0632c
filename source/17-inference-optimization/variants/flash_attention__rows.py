"""Blocks of queries alone, an ordinary softmax in each; float64 inside."""
import torch


def flash_attention(q, k, v, block, causal=False, scale=None):
    N, S = q.shape[2], k.shape[2]
    factor = q.shape[3] ** -0.5 if scale is None else scale
    out = torch.zeros(q.shape[0], q.shape[1], N, v.shape[3], dtype=torch.float64)
    for start in range(0, N, min(block, 512)):
        stop = min(N, start + min(block, 512))
        seen = max(0, stop + S - N) if causal else S
        if seen == 0:
            continue
        scores = q[:, :, start:stop].double() @ k[:, :, :seen].double().mT * factor
        if causal:
            hidden = torch.arange(seen)[None] > torch.arange(start, stop)[:, None] + S - N
            scores[..., hidden] = -torch.inf
        out[:, :, start:stop] = scores.softmax(-1).nan_to_num(0.0) @ v[:, :, :seen].double()
    return out.to(q.dtype)
