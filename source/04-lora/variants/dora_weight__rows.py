"""Row by row, normalised by hand."""
import torch


def dora_weight(W0, A, B, alpha, m=None):
    wide = torch.promote_types(W0.dtype, torch.float32)
    V = W0.to(wide) + (B.to(wide) * (alpha / A.shape[0])) @ A.to(wide)
    rows = []
    for i in range(len(V)):
        size = V[i].detach().square().sum().sqrt().item()
        length = W0[i].to(wide).square().sum().sqrt() if m is None else m[i].to(wide)
        rows.append(V[i] * (length / (size if size != 0 else 1.0)))
    return torch.stack(rows).to(W0.dtype)
