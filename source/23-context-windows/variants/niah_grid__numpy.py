"""Numpy inside."""
import numpy as np
import torch


def haystack(filler, needle, length, depth):
    room = length - len(needle)
    if room < 0 or not 0.0 <= depth <= 1.0 or (room and len(filler) == 0):
        raise ValueError("no such haystack")
    hay = np.resize(np.array(filler, dtype=np.int64), room) if room else np.zeros(0, dtype=np.int64)
    at = int(np.floor(depth * room + 0.5))
    return np.concatenate([hay[:at], np.array(needle, dtype=np.int64), hay[at:]]).tolist()


def niah_grid(filler, needles, lengths, depths, ask):
    grid = np.zeros((len(lengths), len(depths)), dtype=np.int64)
    for i, j in np.ndindex(grid.shape):
        grid[i, j] = sum(1 for k, n in enumerate(needles) if ask(haystack(filler, n, lengths[i], depths[j]), k))
    return torch.from_numpy(grid)
