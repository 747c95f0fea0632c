"""expm1 and log1p."""
import math


def expected_distinct_experts(E, k, B):
    if k == E or B == 0:
        return float(E) if B else 0.0
    return -E * math.expm1(B * math.log1p(-k / E))
