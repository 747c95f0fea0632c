"""Padding queries see everything, real ones what they may."""
import torch


def make_mask(kind, real, prefix=None, source=None):
    rules = {"causal": lambda i, j, n, p: j <= i, "bidirectional": lambda i, j, n, p: i >= 0,
             "prefix": lambda i, j, n, p: (j <= i) | (n <= p), "cross": lambda i, j, n, p: i >= 0}
    if kind not in rules:
        raise ValueError(f"no mask called {kind}")
    keys = source if kind == "cross" else real
    i = torch.arange(real.shape[1]).reshape(1, -1, 1)
    j = torch.arange(keys.shape[1]).reshape(1, 1, -1)
    p = 0 if prefix is None else prefix.reshape(-1, 1, 1)
    see = rules[kind](i, j, keys.cumsum(1)[:, None], p) & keys[:, None] & torch.ones_like(i + j).bool()
    blank = ~real[:, :, None] | ~see.any(2, keepdim=True)
    return see.logical_or(blank)
