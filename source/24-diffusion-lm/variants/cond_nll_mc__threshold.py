"""The l smallest of random numbers, by their l-th."""
import math

import torch


def cond_nll_mc(model, x0, prompt_len, mask_id, n, seed, batch=64):
    g = torch.Generator().manual_seed(seed)
    answer = x0[prompt_len:]
    A = len(answer)
    parts, left = [], n
    while left:
        R = min(left, batch)
        left -= R
        l = 1 + (torch.rand(R, generator=g, dtype=torch.float64) * A).long().clamp(max=A - 1)
        u = torch.rand(R, A, generator=g, dtype=torch.float64)
        bar = u.sort(1).values.gather(1, l[:, None] - 1)
        m = u <= bar
        xt = torch.cat([x0[:prompt_len].expand(R, -1), torch.where(m, mask_id, answer)], 1)
        z = model(xt)[:, prompt_len:].double()
        nll = z.logsumexp(-1) - z.gather(-1, answer.expand(R, A)[..., None])[..., 0]
        parts.append(nll.masked_fill(~m, 0).sum(1) * A / l)
    v = torch.cat(parts)
    return float(v.mean()), float(v.std(correction=1)) / math.sqrt(n)
