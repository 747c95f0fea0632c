"""timed: a boolean mask per expert and the weight as a sum over places."""
import torch


def moe_forward(x, W1, W2, idx, w):
    wide = torch.promote_types(x.dtype, torch.float32)
    y = torch.zeros(x.shape, dtype=wide)
    for e in range(W1.shape[0]):
        hit = idx == e
        chosen = hit.any(-1)
        if chosen.any():
            gate = torch.where(hit, w, 0.0).to(wide).sum(-1)[chosen]
            out = (x[chosen].to(wide) @ W1[e].to(wide)).clamp(min=0) @ W2[e].to(wide)
            y[chosen] += gate[:, None] * out
    return y.to(x.dtype)
