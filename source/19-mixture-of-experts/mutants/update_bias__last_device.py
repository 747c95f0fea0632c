"""Only the last device's counts."""
import torch


def update_bias(bias, counts, gamma):
    load = counts.reshape(-1, len(bias))[-1]
    return bias + gamma * (load.sum() - len(bias) * load).sign().to(bias.dtype)
