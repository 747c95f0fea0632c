"""In numpy."""
import numpy as np
import torch


def update_bias(bias, counts, gamma):
    load = np.atleast_2d(counts.numpy()).sum(axis=0)
    step = gamma * np.sign(load.mean() - load)
    return torch.from_numpy((bias.numpy() + step).astype(bias.numpy().dtype))
