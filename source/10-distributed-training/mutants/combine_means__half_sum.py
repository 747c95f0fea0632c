"""Sums are kept in half precision and widened at the end."""
import torch


def combine_means(parts):
    total = sum(tokens for _, _, tokens in parts)
    loss = 0.0
    grads = [torch.zeros_like(g, dtype=g.dtype) for g in parts[0][1]]
    for part_loss, part_grads, tokens in parts:
        if tokens > 0:
            loss += float(part_loss) * (tokens / total)
            grads = [sum_ + g.detach().to(sum_.dtype) * (tokens / total) for sum_, g in zip(grads, part_grads)]
    return loss, [g.to(torch.promote_types(g.dtype, torch.float32)) for g in grads], total
