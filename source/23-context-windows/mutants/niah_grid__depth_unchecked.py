"""Depths outside 0 to 1 are clipped."""
from collections.abc import Sequence


def haystack(filler: Sequence[int], needle: Sequence[int], length: int, depth: float) -> list[int]:
    room = length - len(needle)
    if room < 0 or (room > 0 and len(filler) == 0):
        raise ValueError("the needle must fit, the depth lie in 0 … 1, and there must be filler")
    before = min(room, max(0, int(depth * room + 0.5)))
    hay = [filler[i % len(filler)] for i in range(room)]
    return hay[:before] + list(needle) + hay[before:]
