"""Loops, and filler by cycling."""
import itertools

import torch


def haystack(filler, needle, length, depth):
    room = length - len(needle)
    if room < 0:
        raise ValueError("too long")
    if depth < 0 or depth > 1:
        raise ValueError("depth")
    if room and not filler:
        raise ValueError("no filler")
    hay = list(itertools.islice(itertools.cycle(filler), room)) if room else []
    at = int(depth * room + 0.5)
    hay[at:at] = needle
    return hay


def niah_grid(filler, needles, lengths, depths, ask):
    grid = torch.zeros(len(lengths), len(depths), dtype=torch.long)
    for k, needle in enumerate(needles):
        for j, depth in enumerate(depths):
            for i, length in enumerate(lengths):
                if ask(haystack(filler, needle, length, depth), k):
                    grid[i, j] += 1
    return grid
