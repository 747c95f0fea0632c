"""The argument itself comes back where nothing moves."""
import torch


def update_bias(bias, counts, gamma):
    load = counts.reshape(-1, len(bias)).sum(0)
    if gamma == 0 or (load.sum() == len(bias) * load).all():
        return bias
    return bias + gamma * (load.sum() - len(bias) * load).sign().to(bias.dtype)
