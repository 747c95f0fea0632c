"""Token by token."""
import torch


def forward_mask(x0, t, u, prompt_len, mask_id, eps=1e-3):
    xt, m = x0.clone(), torch.zeros_like(x0, dtype=torch.bool)
    for b in range(x0.shape[0]):
        p = t[b] - eps * t[b] + eps
        for i in range(int(prompt_len[b]), x0.shape[1]):
            if u[b, i] < p:
                m[b, i] = True
                xt[b, i] = mask_id
    return xt, m
