"""Ids of the needle are taken out of the filler."""

import math

import torch


def haystack(filler, needle, length, depth):
    room = length - len(needle)
    if room < 0:
        raise ValueError("needle too long")
    if not 0 <= depth <= 1:
        raise ValueError("depth")
    if room > 0 and len(filler) == 0:
        raise ValueError("no filler")
    before = math.floor(depth * room + 0.5)
    clean = [f for f in filler if f not in needle] or list(filler)
    hay = [clean[i % len(clean)] for i in range(room)]
    return hay[:before] + list(needle) + hay[before:]


def niah_grid(filler, needles, lengths, depths, ask):
    grid = torch.zeros(len(lengths), len(depths), dtype=torch.int64)
    for i, length in enumerate(lengths):
        for j, depth in enumerate(depths):
            for k, needle in enumerate(needles):
                grid[i, j] += int(bool(ask(haystack(filler, needle, length, depth), k)))
    return grid
