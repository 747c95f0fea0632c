"""Heads as a dimension of their own."""
import torch


def chosen(keep, n):
    flags = [i in set(keep) for i in range(n)]
    if not any(flags) or any(k < 0 or k >= n for k in keep):
        raise ValueError("keep")
    return torch.tensor(flags)


def prune_ffn(W_gate, W_up, W_down, keep):
    stay = chosen(keep, len(W_gate))
    return W_gate[stay], W_up[stay], W_down[:, stay]


def prune_heads(Wq, Wk, Wv, Wo, keep, heads, kv_heads):
    stay = chosen(keep, heads)
    readers = stay.view(kv_heads, -1).sum(1)
    read = readers > 0
    if readers[read].unique().numel() != 1:
        raise ValueError("groups")
    q = Wq.unflatten(0, (heads, -1))[stay].flatten(0, 1)
    k, v = (w.unflatten(0, (kv_heads, -1))[read].flatten(0, 1) for w in (Wk, Wv))
    return q, k, v, Wo.unflatten(1, (heads, -1))[:, stay].flatten(1), int(stay.sum()), int(read.sum())
