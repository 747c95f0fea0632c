"""Noise is rounded to the dtype of the logits."""
import torch


def unmask_step(logits, x, open, n, order=None, temperature=0.0, noise=None):
    z = logits.double()
    s = z
    if temperature > 0:
        s = z + temperature * noise.to(logits.dtype).double()
    tok = s.argmax(-1)
    if order is None:
        rank = torch.softmax(z, -1).gather(-1, tok[..., None])[..., 0]
    else:
        rank = order.double()
    x2, o2 = x.clone(), open.clone()
    for b in range(x.shape[0]):
        pos = open[b].nonzero()[:, 0]
        k = min(int(n[b]), len(pos))
        chosen = pos[rank[b, pos].argsort(descending=True)[:k]]
        x2[b, chosen] = tok[b, chosen]
        o2[b, chosen] = False
    return x2, o2
