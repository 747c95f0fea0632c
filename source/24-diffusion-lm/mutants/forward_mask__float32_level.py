"""p is rounded to float32, the comparison is not."""
import torch


def forward_mask(x0, t, u, prompt_len, mask_id, eps=1e-3):
    p = ((1 - eps) * t + eps).float()
    pos = torch.arange(x0.shape[1], device=x0.device)
    m = (u < p[:, None]) & (pos[None, :] >= prompt_len[:, None])
    xt = torch.where(m, torch.full_like(x0, mask_id), x0)
    return xt, m
