"""Ends a block when it has no holes left."""
import torch


def generate(model, x, start, steps, block_len, mask_id, w=0.0, order=None, temperature=0.0, noise=None):
    blocks, rest = divmod(x.shape[1] - start, block_len)
    if rest or blocks < 1 or steps % blocks != 0:
        raise ValueError(f"{x.shape[1] - start} positions, blocks of {block_len}, {steps} steps")
    x = x.clone()
    per = steps // blocks
    for b in range(blocks):
        here = torch.zeros_like(x, dtype=torch.bool)
        here[:, start + b * block_len:start + (b + 1) * block_len] = True
        here &= x == mask_id
        amounts = num_transfer(here.sum(1), per)
        i = 0
        while here.any():
            x, here = unmask_step(cfg_logits(model, x, start, mask_id, w), x, here, amounts[:, i], order=order,
                                  temperature=temperature, noise=noise(b * per + i) if temperature > 0 else None)
            i += 1
    return x
