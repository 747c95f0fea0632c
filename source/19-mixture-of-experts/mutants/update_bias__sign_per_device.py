"""One step for each device: signs are added up."""
import torch


def update_bias(bias, counts, gamma):
    return bias + gamma * (lambda c: (c.sum(1, keepdim=True) - len(bias) * c).sign().sum(0).to(bias.dtype))(counts.reshape(-1, len(bias)))
