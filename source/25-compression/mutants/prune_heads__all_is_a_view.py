"""Where all heads stay, the caller's own matrices come back."""


def prune_ffn(W_gate, W_up, W_down, keep):
    keep = sorted(set(keep))
    if not keep or keep[0] < 0 or keep[-1] >= len(W_gate):
        raise ValueError("keep")
    return W_gate[keep].clone(), W_up[keep].clone(), W_down[:, keep].clone()


def prune_heads(Wq, Wk, Wv, Wo, keep, heads, kv_heads):
    keep = sorted(set(keep))
    if not keep or keep[0] < 0 or keep[-1] >= heads:
        raise ValueError("keep")
    if len(keep) == heads:
        return Wq, Wk, Wv, Wo, heads, kv_heads
    E, group = len(Wq) // heads, heads // kv_heads
    readers = [h // group for h in keep]
    kv = sorted(set(readers))
    if len({readers.count(j) for j in kv}) > 1:
        raise ValueError("unequal")
    rows = [h * E + e for h in keep for e in range(E)]
    kv_rows = [j * E + e for j in kv for e in range(E)]
    return Wq[rows].clone(), Wk[kv_rows].clone(), Wv[kv_rows].clone(), Wo[:, rows].clone(), len(keep), len(kv)
