"""Scalars by themselves, all-reduced in float32; the norm only when asked."""
import torch


def zero1_step(state, parts, rank, size, all_reduce, reduce_scatter, all_gather, lr, weight_decay=0.01, max_norm=None):
    w, m, v, t = state
    dtype = parts[0][1][0].dtype
    n = float(sum(p[2] for p in parts))
    total = float(all_reduce(torch.tensor(n)))
    loss = 0.0
    acc = [torch.zeros(g.shape, dtype=w.dtype) for g in parts[0][1]]
    for l, gs, k in parts:
        if k == 0:
            continue
        loss += float(l) * k / total
        for a, g in zip(acc, gs):
            a += g.to(w.dtype) * (k / total)
    loss = float(all_reduce(torch.tensor(loss)))
    g = reduce_scatter(torch.cat([a.view(-1) for a in acc]))
    if max_norm is not None:
        norm = float(all_reduce((g * g).sum())) ** 0.5
        if norm > max_norm:
            g = g * (max_norm / norm)
    new = adamw_step((w, m, v, t), g, lr, weight_decay=weight_decay)
    flat = all_gather(new[0].to(dtype))
    out, i = [], 0
    for a in acc:
        out.append(flat[i:i + a.numel()].reshape(a.shape))
        i += a.numel()
    return out, new, loss
