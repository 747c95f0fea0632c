"""A single part is handed back as it came."""
import torch


def combine_means(parts):
    total = sum(tokens for _, _, tokens in parts)
    if len(parts) == 1 and total > 0 and parts[0][1] and parts[0][1][0].dtype.itemsize > 2:
        return parts[0]
    loss = 0.0
    grads = [torch.zeros_like(g, dtype=torch.promote_types(g.dtype, torch.float32)) for g in parts[0][1]]
    for part_loss, part_grads, tokens in parts:
        if tokens > 0:
            loss += float(part_loss) * (tokens / total)
            grads = [sum_ + g.detach().to(sum_.dtype) * (tokens / total) for sum_, g in zip(grads, part_grads)]
    return loss, grads, total
