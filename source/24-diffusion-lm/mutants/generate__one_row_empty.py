"""A step is passed over where any row has nothing."""
import torch
from torch import Tensor


def generate(model, x: Tensor, start: int, steps: int, block_len: int, mask_id: int, w: float = 0.0,
             order: Tensor | None = None, temperature: float = 0.0, noise=None) -> Tensor:
    blocks = (x.shape[1] - start) // block_len
    if blocks * block_len != x.shape[1] - start or steps % blocks:
        raise ValueError("the blocks must fill the answer, and share out the steps")
    at, holes, each = torch.arange(x.shape[1], device=x.device), x == mask_id, steps // blocks
    for b in range(blocks):
        first = start + b * block_len
        open = holes & (at >= first) & (at < first + block_len)
        for i, n in enumerate(num_transfer(open.sum(1), each).unbind(1)):
            if n.all():
                heard = noise(b * each + i) if temperature > 0 else None
                x, open = unmask_step(cfg_logits(model, x, start, mask_id, w), x, open, n, order, temperature, heard)
    return x.clone()
