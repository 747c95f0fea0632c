"""A boolean mask in torch."""
import torch


def streaming_keep(n, sinks, window):
    i = torch.arange(n)
    return i[(i < sinks) | (i >= n - window)].tolist()
