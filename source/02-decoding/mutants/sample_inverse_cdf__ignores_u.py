"""Draws its own random number."""
import torch


def sample_inverse_cdf(probs, u):
    return torch.multinomial(probs.double(), 1)[:, 0]
