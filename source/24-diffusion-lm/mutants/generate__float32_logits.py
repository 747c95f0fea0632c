"""Logits are rounded to float32 on their way."""
import torch


def generate(model, x, start, steps, block_len, mask_id, w=0.0, order=None, temperature=0.0, noise=None):
    x = x.clone()
    B, L = x.shape
    if (L - start) % block_len:
        raise ValueError("block_len")
    nb = (L - start) // block_len
    if steps % nb:
        raise ValueError("steps")
    per = steps // nb
    k = 0
    for j in range(nb):
        a = start + j * block_len
        open = torch.zeros_like(x, dtype=torch.bool)
        open[:, a:a + block_len] = x[:, a:a + block_len] == mask_id
        plan = num_transfer(open.sum(1), per)
        for s in range(per):
            n = plan[:, s]
            if n.any():
                logits = cfg_logits(model, x, start, mask_id, w).float()
                g = noise(k) if temperature > 0 else None
                x, open = unmask_step(logits, x, open, n, order, temperature, g)
            k += 1
    return x
