"""Depth is a fraction of the length, not of the room."""
import math
from collections.abc import Sequence


def haystack(filler: Sequence[int], needle: Sequence[int], length: int, depth: float) -> list[int]:
    room = length - len(needle)
    if room < 0 or not 0 <= depth <= 1 or (room > 0 and len(filler) == 0):
        raise ValueError("the needle must fit, the depth lie in 0 … 1, and there must be filler")
    before = math.floor(depth * (length - 1) + 0.5)
    hay = [filler[i % len(filler)] for i in range(room)]
    return hay[:before] + list(needle) + hay[before:]
