"""Token sums of gradients are reduced and divided afterwards; everything written out."""
import torch


def zero1_step(state, parts, rank, size, all_reduce, reduce_scatter, all_gather, lr, weight_decay=0.01, max_norm=None):
    w, m, v, t = state
    shapes, dtype = [g.shape for g in parts[0][1]], parts[0][1][0].dtype
    flat, loss_sum, count = torch.zeros(sum(s.numel() for s in shapes), dtype=w.dtype), 0.0, 0
    for loss, grads, n in parts:
        if n:
            flat = flat + n * torch.cat([g.reshape(-1) for g in grads]).to(w.dtype)
            loss_sum, count = loss_sum + n * loss, count + n
    total = int(all_reduce(torch.tensor(count)))
    g = reduce_scatter(flat) / total
    mean_loss = float(all_reduce(torch.tensor(loss_sum, dtype=torch.float64))) / total
    if max_norm is not None:
        norm = all_reduce((g.double() ** 2).sum()) ** 0.5
        g = g * (max_norm / (norm + 1e-6)).clamp(max=1.0).to(g.dtype)
    t = t + 1
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g ** 2
    w = w * (1 - lr * weight_decay) - lr * m / (1 - 0.9 ** t) / ((v / (1 - 0.999 ** t)) ** 0.5 + 1e-8)
    whole = all_gather(w.to(dtype))
    out, at = [], 0
    for s in shapes:
        out.append(whole[at:at + s.numel()].view(s))
        at += s.numel()
    return out, (w, m, v, t), mean_loss
