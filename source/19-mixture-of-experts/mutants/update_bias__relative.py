"""The step is the relative distance from the mean."""
import torch


def update_bias(bias, counts, gamma):
    load = counts.reshape(-1, len(bias)).sum(0)
    return bias + gamma * (1 - load / load.double().mean().clamp(min=1e-9)).to(bias.dtype)
