"""Divided in floating point: wrong beyond 2**53."""

import math


def weight_bytes(params: int, bits: int = 16, group: int | None = None, kept: int = 0) -> int:
    rest = params - kept
    codes = math.ceil(rest * bits / 8)
    scales = 0 if group is None else 2 * ((rest + group - 1) // group)
    return 2 * kept + codes + scales
