"""Temperature times noise is rounded to float32, the sum is not."""
import torch


def unmask_step(logits, x, open, n, order=None, temperature=0.0, noise=None):
    z = logits.double()
    y = z if temperature == 0 else z + (temperature * noise).double()
    token = y.argmax(-1)
    if order is None:
        rank = torch.softmax(z, -1).gather(-1, token[..., None])[..., 0]
    else:
        rank = order.double()
    x, left = x.clone(), open.clone()
    for b in range(x.shape[0]):
        where = open[b].nonzero()[:, 0]
        best = where[rank[b, where].argsort(descending=True)][: int(n[b])]
        x[b, best] = token[b, best]
        left[b, best] = False
    return x, left
