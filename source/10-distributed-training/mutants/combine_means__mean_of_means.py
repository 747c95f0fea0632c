"""The mean of the means."""
import torch


def combine_means(parts):
    total = sum(tokens for _, _, tokens in parts)
    loss = 0.0
    grads = [torch.zeros_like(g, dtype=torch.promote_types(g.dtype, torch.float32)) for g in parts[0][1]]
    for part_loss, part_grads, tokens in parts:
        if tokens > 0:
            loss += float(part_loss) * (1 / len(parts))
            grads = [sum_ + g.detach().to(sum_.dtype) * (1 / len(parts)) for sum_, g in zip(grads, part_grads)]
    return loss, grads, total
