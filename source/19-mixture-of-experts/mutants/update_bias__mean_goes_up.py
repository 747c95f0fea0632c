"""A load that equals the mean counts as too little."""
import torch


def update_bias(bias, counts, gamma):
    load = counts.reshape(-1, len(bias)).sum(0)
    return bias + gamma * torch.where(len(bias) * load > load.sum(), -1.0, 1.0).to(bias.dtype)
