"""The choice in numpy."""
import numpy as np
import torch


def bias_free_route(scores, bias, k, scale=1.0, n_group=1, topk_group=1, renorm=True):
    wide = torch.promote_types(scores.dtype, torch.float32)
    s = (scores.detach().to(wide) + bias.detach().to(wide)).numpy().copy()
    T, E = s.shape
    if n_group > 1:
        g = s.reshape(T, n_group, -1)
        value = np.sort(g, axis=-1)[..., -2:].sum(-1)
        order = np.argsort(-value, axis=1, kind="stable")
        for t in range(T):
            for i in order[t, topk_group:]:
                g[t, i] = -np.inf
        s = g.reshape(T, E)
    idx = torch.from_numpy(np.argsort(-s, axis=1, kind="stable")[:, :k].copy())
    w = scores.to(wide)[torch.arange(T)[:, None], idx]
    if renorm:
        w = w / w.sum(-1, keepdim=True)
    return idx, (w * scale).to(scores.dtype)
