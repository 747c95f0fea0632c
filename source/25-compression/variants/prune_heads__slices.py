"""Slices put together."""
import torch


def prune_ffn(W_gate, W_up, W_down, keep):
    ids = sorted(set(keep))
    if not ids or not all(0 <= i < W_gate.shape[0] for i in ids):
        raise ValueError("keep")
    return (torch.stack([W_gate[i] for i in ids]), torch.stack([W_up[i] for i in ids]),
            torch.stack([W_down[:, i] for i in ids], dim=1))


def prune_heads(Wq, Wk, Wv, Wo, keep, heads, kv_heads):
    ids = sorted(set(keep))
    if not ids or not all(0 <= i < heads for i in ids):
        raise ValueError("keep")
    size, per = Wq.shape[0] // heads, heads // kv_heads
    counts = {}
    for i in ids:
        counts[i // per] = counts.get(i // per, 0) + 1
    if len(set(counts.values())) != 1:
        raise ValueError("groups")

    def rows(w, which):
        return torch.cat([w[i * size:(i + 1) * size] for i in which])

    return rows(Wq, ids), rows(Wk, counts), rows(Wv, counts), rows(Wo.T, ids).T.contiguous(), len(ids), len(counts)
