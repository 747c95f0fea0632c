"""Nothing to fill: hands the caller's own canvas back."""
import torch


def generate(model, x, start, steps, block_len, mask_id, w=0.0, order=None, temperature=0.0, noise=None):
    L = x.shape[1]
    if (L - start) % block_len:
        raise ValueError("blocks")
    blocks = (L - start) // block_len
    if steps % blocks:
        raise ValueError("steps")
    each = steps // blocks
    if not (x[:, start:] == mask_id).any():
        return x
    x = x.clone()
    for b in range(blocks):
        lo, hi = start + b * block_len, start + (b + 1) * block_len
        open = torch.zeros_like(x, dtype=torch.bool)
        open[:, lo:hi] = x[:, lo:hi] == mask_id
        plan = num_transfer(open.sum(1), each)
        for s in range(each):
            n = plan[:, s]
            if not n.any():
                continue
            logits = cfg_logits(model, x, start, mask_id, w)
            g = noise(b * each + s) if temperature > 0 else None
            x, open = unmask_step(logits, x, open, n, order, temperature, g)
    return x
