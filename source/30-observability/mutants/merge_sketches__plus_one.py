"""int() + 1: wrong below 1"""
import math
from collections import defaultdict
from collections.abc import Sequence


def sketch(values: Sequence[float], alpha: float) -> dict:
    step, buckets, zero = math.log((1 + alpha) / (1 - alpha)), defaultdict(int), 0
    for x in values:
        if not 0 <= x < math.inf:
            raise ValueError(f"a value is neither finite nor positive nor 0: {x}")
        if x == 0:
            zero += 1
        else:
            buckets[int(math.log(x) / step) + 1] += 1
    return {"alpha": alpha, "zero": zero, "buckets": dict(buckets)}
