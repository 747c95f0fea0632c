"""Holes by index, without num_transfer's table."""
import torch


def generate(model, x, start, steps, block_len, mask_id, w=0.0, order=None, temperature=0.0, noise=None):
    length = x.shape[1] - start
    if length % block_len or steps % (length // block_len):
        raise ValueError("uneven")
    each = steps // (length // block_len)
    canvas, k = x.clone(), 0
    for first in range(start, x.shape[1], block_len):
        block = torch.zeros_like(x, dtype=torch.bool)
        block[:, first:first + block_len] = x[:, first:first + block_len] == mask_id
        plan = num_transfer(block.sum(dim=1), each)
        for i in range(each):
            if int(plan[:, i].sum()) > 0:
                logits = cfg_logits(model, canvas, start, mask_id, w)
                gumbels = noise(k) if temperature else None
                canvas, block = unmask_step(logits, canvas, block, plan[:, i], order, temperature, gumbels)
            k += 1
    return canvas
