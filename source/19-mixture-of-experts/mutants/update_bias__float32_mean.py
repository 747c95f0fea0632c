"""The comparison in float32: counts beyond 2 ** 24 are rounded."""
import torch


def update_bias(bias, counts, gamma):
    load = counts.reshape(-1, len(bias)).sum(0)
    return bias + gamma * (load.float().mean() - load.float()).sign().to(bias.dtype)
