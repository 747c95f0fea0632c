"""Plain loops over rows, queries and keys."""
import torch


def make_mask(kind, real, prefix=None, source=None):
    if kind not in {"causal", "bidirectional", "prefix", "cross"}:
        raise ValueError(kind)
    B, T = real.shape
    keys = source if kind == "cross" else real
    out = torch.zeros(B, T, keys.shape[1], dtype=torch.bool)
    for b in range(B):
        count = 0
        for j in range(keys.shape[1]):
            if not keys[b, j]:
                continue
            count += 1
            for i in range(T):
                out[b, i, j] = kind in ("bidirectional", "cross") or j <= i or (kind == "prefix" and count <= prefix[b])
        for i in range(T):
            if not out[b, i].any():
                out[b, i, 0] = True
    return out
