"""Closed positions rank as -1e9: an order may go deeper."""
import torch


def unmask_step(logits, x, open, n, order=None, temperature=0.0, noise=None):
    z = logits.double()
    y = z if temperature == 0 else z + temperature * noise.double()
    token = y.argmax(-1)
    if order is None:
        rank = torch.softmax(z, -1).gather(-1, token[..., None])[..., 0]
    else:
        rank = order.double()
    place = rank.masked_fill(~open, -1e9).argsort(1, descending=True).argsort(1)
    now = (place < n[:, None]) & open
    return torch.where(now, token, x), open & ~now
