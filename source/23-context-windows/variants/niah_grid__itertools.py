"""Cycle and islice; numpy grid."""

import numpy as np
import torch


def haystack(filler, needle, length, depth):
    import itertools
    room = length - len(needle)
    if room < 0 or not 0 <= depth <= 1 or (room and not len(filler)):
        raise ValueError("does not fit")
    it = itertools.cycle(filler)
    before = int(depth * room + 0.5)
    return [*itertools.islice(it, before), *needle, *itertools.islice(it, room - before)]


def niah_grid(filler, needles, lengths, depths, ask):
    cells = [[sum(1 for k in range(len(needles)) if ask(haystack(filler, needles[k], n, d), k)) for d in depths] for n in lengths]
    return torch.from_numpy(np.array(cells, dtype=np.int64).reshape(len(lengths), len(depths)))
