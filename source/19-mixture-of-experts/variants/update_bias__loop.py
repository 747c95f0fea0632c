"""Expert by expert with whole numbers of Python."""
import torch


def update_bias(bias, counts, gamma):
    rows = counts.tolist() if counts.dim() == 2 else [counts.tolist()]
    load = [sum(column) for column in zip(*rows)]
    total, new = sum(load), bias.clone()
    for e, n in enumerate(load):
        if n * len(load) > total:
            new[e] = new[e] - gamma
        elif n * len(load) < total:
            new[e] = new[e] + gamma
    return new
