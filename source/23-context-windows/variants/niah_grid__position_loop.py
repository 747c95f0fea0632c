"""Each place decided by its index."""

import torch


def haystack(filler, needle, length, depth):
    from decimal import Decimal, ROUND_HALF_UP
    n = len(needle)
    room = length - n
    if room < 0:
        raise ValueError("too long")
    if not (0 <= depth and depth <= 1):
        raise ValueError("depth")
    if room > 0 and len(filler) == 0:
        raise ValueError("empty")
    before = int(Decimal(repr(round(depth * room, 9))).to_integral_value(ROUND_HALF_UP))
    return [needle[i - before] if before <= i < before + n else filler[(i if i < before else i - n) % len(filler)]
            for i in range(length)]


def niah_grid(filler, needles, lengths, depths, ask):
    found = [bool(ask(haystack(filler, needle, a, d), k)) for a in lengths for d in depths for k, needle in enumerate(needles)]
    return torch.tensor(found, dtype=torch.bool).reshape(len(lengths), len(depths), len(needles)).sum(-1)
