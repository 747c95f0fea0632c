"""Sixteen bits and more are never given scales."""


def weight_bytes(params: int, bits: int = 16, group: int | None = None, kept: int = 0) -> int:
    rest = params - kept
    codes = (rest * bits + 7) // 8
    scales = 0 if group is None or bits >= 16 else 2 * ((rest + group - 1) // group)
    return 2 * kept + codes + scales
