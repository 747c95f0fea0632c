"""Recursive over the blocks."""
import torch


def generate(model, x, start, steps, block_len, mask_id, w=0.0, order=None, temperature=0.0, noise=None):
    L = x.shape[1]
    if (L - start) % block_len or steps % ((L - start) // block_len):
        raise ValueError("blocks or steps do not come out even")
    per = steps * block_len // (L - start)

    def rec(canvas, a, k):
        if a == L:
            return canvas
        open = torch.zeros(canvas.shape, dtype=torch.bool)
        open[:, a:a + block_len] = canvas[:, a:a + block_len].eq(mask_id)
        for s, n in enumerate(num_transfer(open.sum(-1), per).unbind(1)):
            if int(n.max()) > 0:
                canvas, open = unmask_step(cfg_logits(model, canvas, start, mask_id, w), canvas, open, n, order,
                                           temperature, noise(k + s) if temperature else None)
        return rec(canvas, a + block_len, k + per)

    return rec(x.clone(), start, 0)
