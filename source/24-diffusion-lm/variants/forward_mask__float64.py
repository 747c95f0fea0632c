"""p in float64, whatever t has."""
import torch


def forward_mask(x0, t, u, prompt_len, mask_id, eps=1e-3):
    p = (1 - eps) * t.double() + eps
    pos = torch.arange(x0.shape[1], device=x0.device)
    m = (u < p[:, None]) & (pos[None, :] >= prompt_len[:, None])
    xt = x0.clone()
    xt[m] = mask_id
    return xt, m
