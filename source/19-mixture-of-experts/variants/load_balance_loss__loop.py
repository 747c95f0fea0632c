"""Token by token."""
import torch


def load_balance_loss(logits, k, mask=None):
    E, total, n = logits.shape[1], 0.0, 0
    f = [0] * E
    rows = []
    for t in range(len(logits)):
        if mask is not None and not mask[t]:
            continue
        n += 1
        row = logits[t].detach().double().tolist()
        for e in sorted(range(E), key=lambda e: (-row[e], e))[:k]:
            f[e] += 1
        rows.append(torch.softmax(logits[t].to(torch.promote_types(logits.dtype, torch.float32)), 0))
    P = torch.stack(rows).mean(0)
    for e in range(E):
        total = total + f[e] / n * P[e]
    return (E * total).to(logits.dtype)
