"""timed: one token and one expert at a time."""
import torch


def moe_forward(x, W1, W2, idx, w):
    wide = torch.promote_types(x.dtype, torch.float32)
    rows = []
    for t in range(len(x)):
        rows.append(sum(w[t, j].to(wide) * ((x[t].to(wide) @ W1[e].to(wide)).relu() @ W2[e].to(wide))
                        for j, e in enumerate(idx[t].tolist())))
    return torch.stack(rows).to(x.dtype) if rows else torch.zeros_like(x)
