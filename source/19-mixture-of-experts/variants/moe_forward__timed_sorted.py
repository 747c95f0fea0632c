"""timed: sorts the assignments by expert and splits them."""
import torch


def moe_forward(x, W1, W2, idx, w):
    wide = torch.promote_types(x.dtype, torch.float32)
    T, k = idx.shape
    expert, order = idx.reshape(-1).sort()
    token = order // k
    counts = torch.bincount(expert, minlength=len(W1)).tolist()
    parts = [(rows.to(wide) @ W1[e].to(wide)).relu() @ W2[e].to(wide)
             for e, rows in enumerate(x[token].split(counts)) if len(rows)]
    if not parts:
        return x.clone()
    out = torch.cat(parts) * w.reshape(-1)[order, None].to(wide)
    return torch.zeros_like(x, dtype=wide).index_add(0, token, out).to(x.dtype)
