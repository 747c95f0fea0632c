"""Short filler is repeated only once."""
import math
from collections.abc import Sequence


def haystack(filler: Sequence[int], needle: Sequence[int], length: int, depth: float) -> list[int]:
    room = length - len(needle)
    if room < 0 or not 0 <= depth <= 1 or (room > 0 and len(filler) == 0):
        raise ValueError("the needle must fit, the depth lie in 0 … 1, and there must be filler")
    before = math.floor(depth * room + 0.5)
    hay = (list(filler) * 2)[:room]
    return hay[:before] + list(needle) + hay[before:]
