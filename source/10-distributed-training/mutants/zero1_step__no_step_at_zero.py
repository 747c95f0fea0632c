"""No optimiser step when the gradient is zero."""

import torch


def zero1_step(state, parts, rank, size, all_reduce, reduce_scatter, all_gather, lr, weight_decay=0.01, max_norm=None):
    kind = state[0].dtype
    shapes = [g.shape for g in parts[0][1]]
    half = parts[0][1][0].dtype
    flat = torch.zeros(sum(s.numel() for s in shapes), dtype=kind)
    loss, tokens = 0.0, 0
    for l, gs, n in parts:
        if n:
            flat = flat + n * torch.cat([g.reshape(-1).to(kind) for g in gs])
            loss += l * n
            tokens += n
    sums = all_reduce(torch.tensor([loss, float(tokens)], dtype=torch.float64))
    total = sums[1].item()
    piece = reduce_scatter(flat / total)
    squares = all_reduce(piece.double().square().sum().reshape(1))
    norm = squares.sqrt().item()
    if max_norm is not None and norm > max_norm:
        piece = piece * (max_norm / norm)
    new = (*state[:3], state[3] + 1) if not norm else adamw_step(state, piece, lr, (0.9, 0.999), 1e-8, weight_decay)
    whole = all_gather(new[0].to(half))
    weights = [w.reshape(s).clone() for w, s in zip(whole.split([s.numel() for s in shapes]), shapes)]
    return weights, new, (sums[0] / sums[1]).item()
