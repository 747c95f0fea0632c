"""A threshold at the nth score is replaced by a sort and scatter."""
import math

import torch


def unmask_step(logits, x, open, n, order=None, temperature=0.0, noise=None):
    z = logits.double()
    y = z if temperature == 0 else z / temperature + noise.double()
    tokens = y.max(-1).indices
    score = order.double() if order is not None else z.log_softmax(-1).exp().take_along_dim(tokens[..., None], -1)[..., 0]
    score = torch.where(open, score, torch.full_like(score, -math.inf))
    _, idx = score.sort(dim=1, descending=True)
    take = torch.arange(x.shape[1])[None] < torch.minimum(n.long(), open.sum(1))[:, None]
    now = torch.zeros_like(open).scatter(1, idx, take)
    return torch.where(now, tokens, x), open.logical_and(now.logical_not())
