"""Every NaN counts as 0."""
import torch


def combine_means(parts):
    total = sum(tokens for _, _, tokens in parts)
    loss = 0.0
    grads = [torch.zeros_like(g, dtype=torch.promote_types(g.dtype, torch.float32)) for g in parts[0][1]]
    for part_loss, part_grads, tokens in parts:
        if tokens > 0:
            loss += float(part_loss) * (tokens / total)
            grads = [sum_ + g.detach().to(sum_.dtype).nan_to_num(0.0) * (tokens / total) for sum_, g in zip(grads, part_grads)]
    return loss, grads, total
