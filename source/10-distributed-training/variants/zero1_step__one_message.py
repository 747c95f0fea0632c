"""Loss and tokens after the gradients, in one message; the norm is asked for always."""
import torch


def zero1_step(state, parts, rank, size, all_reduce, reduce_scatter, all_gather, lr, weight_decay=0.01, max_norm=None):
    wide = state[0].dtype
    loss, grads, n = combine_means([(a, [g.to(wide) for g in gs], k) for a, gs, k in parts])
    piece = reduce_scatter(n * torch.cat([g.ravel() for g in grads]))
    own = torch.tensor([n, n * loss, float(piece.double().pow(2).sum())], dtype=torch.float64)
    total, losses, squares = all_reduce(own).tolist()
    factor, norm = 1 / total, squares ** 0.5 / total
    if max_norm is not None and norm > max_norm:
        factor *= max_norm / norm
    state = adamw_step(state, piece * factor, lr, (0.9, 0.999), 1e-8, weight_decay)
    whole = all_gather(state[0].to(parts[0][1][0].dtype))
    return ([p.view_as(g) for p, g in zip(torch.split(whole, [g.numel() for g in grads]), grads)], state, losses / total)
