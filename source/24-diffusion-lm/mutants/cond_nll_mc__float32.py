"""Float64 logits are used in float32."""
import math

import torch


def cond_nll_mc(model, x0, prompt_len, mask_id, n, seed, batch=64):
    g = torch.Generator().manual_seed(seed)
    L = x0.shape[0]
    A = L - prompt_len
    vals = []
    done = 0
    while done < n:
        R = min(batch, n - done)
        l = torch.randint(1, A + 1, (R,), generator=g)
        r = torch.rand(R, A, generator=g).argsort(1).argsort(1)
        m = torch.zeros(R, L, dtype=torch.bool)
        m[:, prompt_len:] = r < l[:, None]
        xt = x0[None].expand(R, L).clone()
        xt[m] = mask_id
        lp = torch.log_softmax(model(xt).float(), -1)
        nll = -lp[:, prompt_len:].gather(-1, x0[prompt_len:][None, :, None].expand(R, A, 1))[..., 0]
        nll = torch.where(m[:, prompt_len:], nll, torch.zeros_like(nll))
        vals.append(nll.sum(1) * A / l)
        done += R
    v = torch.cat(vals)
    return v.mean().item(), (v.std() / math.sqrt(n)).item()
