"""Two comparisons in float64."""
import torch


def update_bias(bias, counts, gamma):
    load = counts.double()
    if load.dim() == 2:
        load = load.sum(dim=0)
    mean = load.mean()
    up, down = (load < mean).to(bias.dtype), (load > mean).to(bias.dtype)
    return bias + gamma * up - gamma * down
