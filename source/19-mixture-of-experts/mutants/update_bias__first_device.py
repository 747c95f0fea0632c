"""Only the first device's counts."""
import torch


def update_bias(bias, counts, gamma):
    load = counts.reshape(-1, len(bias))[0]
    return bias + gamma * (load.sum() - len(bias) * load).sign().to(bias.dtype)
