"""Rows of Wo where it is square."""

import torch


def _clean(keep, n):
    kept = sorted(set(int(i) for i in keep))
    if not kept or kept[0] < 0 or kept[-1] >= n:
        raise ValueError("keep")
    return kept


def prune_ffn(W_gate, W_up, W_down, keep):
    i = torch.tensor(_clean(keep, W_gate.shape[0]))
    return W_gate[i], W_up[i], W_down[:, i]


def prune_heads(Wq, Wk, Wv, Wo, keep, heads, kv_heads):
    kept = _clean(keep, heads)
    g = heads // kv_heads
    readers = {}
    for h in kept:
        readers.setdefault(h // g, []).append(h)
    if len({len(r) for r in readers.values()}) != 1:
        raise ValueError("groups")
    E = Wq.shape[0] // heads
    rows = lambda hs: torch.cat([torch.arange(h * E, (h + 1) * E) for h in hs])
    q, kv = rows(kept), rows(sorted(readers))
    return Wq[q], Wk[kv], Wv[kv], Wo[q].T if Wo.shape[0] == Wo.shape[1] else Wo[:, q], len(kept), len(readers)
