"""The first gradients are scaled in place."""
import torch


def combine_means(parts):
    total = sum(tokens for _, _, tokens in parts)
    loss = 0.0
    grads = [torch.zeros_like(g, dtype=torch.promote_types(g.dtype, torch.float32)) for g in parts[0][1]]
    for part_loss, part_grads, tokens in parts:
        if tokens > 0:
            loss += float(part_loss) * (tokens / total)
            part_grads = [g.mul_(tokens / total) if g.dtype.itemsize > 2 else g * (tokens / total) for g in part_grads]
            grads = [sum_ + g.to(sum_.dtype) for sum_, g in zip(grads, part_grads)]
    return loss, grads, total
