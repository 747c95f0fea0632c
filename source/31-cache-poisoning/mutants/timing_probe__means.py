"""Means instead of medians."""
import math
from collections.abc import Callable, Sequence

import numpy as np


def timing_probe(ask: Callable[[str], float], base: str, paraphrases: Sequence[str], nonce: Callable[[], str]) -> str:
    n = len(paraphrases)
    if n < 5:
        raise ValueError("at least 5 paraphrases are needed")
    ask(base)
    rounds = [(ask(base), ask(p), ask(nonce())) for p in paraphrases]
    repeated, similar, new = (np.array(arm) for arm in zip(*rounds))

    def faster(arm):
        u = (arm[:, None] < new).sum() + 0.5 * (arm[:, None] == new).sum()
        z = (u - n * n / 2) / math.sqrt(n * n * (2 * n + 1) / 12)
        return arm.mean() < 0.5 * new.mean() and z > 2.326

    if not faster(repeated):
        return "none"
    return "semantic" if faster(similar) else "exact"
