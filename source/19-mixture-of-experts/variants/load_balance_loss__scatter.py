"""Counts by scatter_add, float64 inside, the product as a mean over tokens."""
import torch


def load_balance_loss(logits, k, mask=None):
    x = logits.double() if mask is None else logits.double()[mask.nonzero()[:, 0]]
    T, E = x.shape
    chosen = torch.sort(x, dim=1, descending=True, stable=True).indices[:, :k].reshape(-1)
    f = torch.zeros(E, dtype=torch.float64).scatter_add_(0, chosen, torch.ones(T * k, dtype=torch.float64)) / T
    return ((x.softmax(1) @ f).mean() * E).to(logits.dtype)
