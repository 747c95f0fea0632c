"""The bias is kept between -1 and 1."""
import torch


def update_bias(bias, counts, gamma):
    load = counts.reshape(-1, len(bias)).sum(0)
    return (bias + gamma * (load.sum() - len(bias) * load).sign().to(bias.dtype)).clamp(-1, 1)
