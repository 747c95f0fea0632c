"""Indices as floats, which cannot index."""
import torch


def streaming_keep(n, sinks, window):
    place = torch.arange(n, dtype=torch.float32)
    return place[(place < sinks) | (place >= n - window)].tolist()
