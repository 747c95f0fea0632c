"""The norm under no_grad, float64 inside."""
import torch


def dora_weight(W0, A, B, alpha, m=None):
    base = W0.double()
    V = torch.addmm(base, B.double(), A.double(), alpha=alpha / len(A))
    with torch.no_grad():
        n = torch.linalg.vector_norm(V, dim=-1, keepdim=True)
        n[n == 0] = 1
    size = torch.linalg.vector_norm(base, dim=-1) if m is None else m.double()
    return (V / n * size.unsqueeze(1)).to(W0.dtype)
