"""masked_fill, the prompt taken out afterwards."""
import torch


def forward_mask(x0, t, u, prompt_len, mask_id, eps=1e-3):
    m = u < torch.lerp(t, torch.ones_like(t), eps).unsqueeze(1)
    for b, n in enumerate(prompt_len.tolist()):
        m[b, :n] = False
    return x0.masked_fill(m, mask_id), m
