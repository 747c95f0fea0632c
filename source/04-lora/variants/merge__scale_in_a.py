"""The scales go into A; the matrices are summed first."""
import torch


def combine(adapters, weights):
    R = sum(len(A) for A, _, _ in adapters)
    A = torch.vstack([A * (w * alpha * R / len(A)) for (A, _, alpha), w in zip(adapters, weights)])
    return A, torch.hstack([B for _, B, _ in adapters]), 1.0


def merge(W, adapters, weights=None):
    if weights is None:
        weights = [1.0] * len(adapters)
    total = W.double().clone()
    for w, (A, B, alpha) in zip(weights, adapters):
        total = total + (w * alpha / len(A)) * (B.double() @ A.double())
    return total.to(W.dtype)
