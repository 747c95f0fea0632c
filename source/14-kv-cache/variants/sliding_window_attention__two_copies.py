"""timed: block before and own block put side by side with cat."""
import math

import torch
import torch.nn.functional as F


def sliding_window_attention(q, k, v, w):
    B, H, T, E = q.shape
    wide = torch.promote_types(q.dtype, torch.float32)
    w = min(w, T)
    N = math.ceil(T / w)
    def blocks(x):
        x = torch.cat([x.to(wide), torch.zeros(B, H, N * w - T, E, dtype=wide)], dim=2)
        return x.view(B, H, N, w, E)
    def with_before(x):
        return torch.cat([torch.cat([torch.zeros_like(x[:, :, :1]), x[:, :, :-1]], dim=2), x], dim=3)
    queries, keys, values = blocks(q), with_before(blocks(k)), with_before(blocks(v))
    scores = torch.einsum("bhnie,bhnje->bhnij", queries, keys) / math.sqrt(E)
    i, j = torch.arange(w).view(-1, 1) + w, torch.arange(2 * w).view(1, -1)
    hidden = ((j > i) | (i - j >= w)).repeat(N, 1, 1)
    hidden[0, :, :w] = True
    weights = F.softmax(scores.masked_fill(hidden, torch.finfo(wide).min), dim=-1)
    return torch.einsum("bhnij,bhnje->bhnie", weights, values).reshape(B, H, N * w, E)[:, :, :T].to(q.dtype)
