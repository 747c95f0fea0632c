"""In numpy."""
import numpy as np
import torch


def forward_mask(x0, t, u, prompt_len, mask_id, eps=1e-3):
    p = ((1 - eps) * t + eps).numpy()
    m = u.numpy() < p[:, None]
    m &= np.arange(x0.shape[1])[None] >= prompt_len.numpy()[:, None]
    return torch.from_numpy(np.where(m, mask_id, x0.numpy())), torch.from_numpy(m)
