"""Flattens in the order of memory."""
import torch


def zero1_step(state, parts, rank, size, all_reduce, reduce_scatter, all_gather, lr, weight_decay=0.01, max_norm=None):
    dt, like = state[0].dtype, parts[0][1]
    flat = torch.zeros(sum(g.numel() for g in like), dtype=dt)
    tokens, loss = 0, 0.0
    for value, grads, n in parts:
        if n:
            flat = flat + n * torch.cat([(g.to(dt).T.flatten() if g.dim() == 2 and not g.is_contiguous() else g.to(dt).flatten()) for g in grads])
            tokens += n
            loss += n * value
    sums = all_reduce(torch.tensor([loss, tokens], dtype=torch.float64))
    total = sums[1].item()
    piece = reduce_scatter(flat) / total
    if max_norm is not None:
        norm = all_reduce(piece.double().square().sum().reshape(1)).sqrt().item()
        if norm > max_norm:
            piece = piece * (max_norm / norm)
    state = adamw_step(state, piece, lr, weight_decay=weight_decay)
    whole = all_gather(state[0].to(like[0].dtype))
    weights = [c.reshape(g.shape) for c, g in zip(whole.split([g.numel() for g in like]), like)]
    return weights, state, sums[0].item() / total
