"""Gradients are all-reduced and cut: that is plain data parallelism."""
import torch


def zero1_step(state, parts, rank, size, all_reduce, reduce_scatter, all_gather, lr, weight_decay=0.01, max_norm=None):
    loss, grads, tokens = combine_means([(a, [g.to(state[0].dtype) for g in b], n) for a, b, n in parts])
    sums = all_reduce(torch.tensor([loss * tokens, tokens], dtype=torch.float64)).tolist()
    piece = torch.tensor_split(all_reduce(torch.cat([g.flatten() for g in grads]) * (tokens / sums[1])), size)[rank].clone()
    if max_norm is not None:
        norm = all_reduce(piece.double().square().sum().reshape(1)).sqrt().item()
        piece = piece * min(1.0, max_norm / norm) if norm > 0 else piece
    state = adamw_step(state, piece, lr, weight_decay=weight_decay)
    flat = all_gather(state[0].to(parts[0][1][0].dtype))
    pieces = flat.split([g.numel() for g in grads])
    return [p.reshape(g.shape).clone() for p, g in zip(pieces, grads)], state, sums[0] / sums[1]
