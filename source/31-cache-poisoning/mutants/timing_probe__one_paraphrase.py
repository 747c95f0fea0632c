"""The first paraphrase in every round."""
import math
from collections.abc import Callable, Sequence

import numpy as np


def timing_probe(ask: Callable[[str], float], base: str, paraphrases: Sequence[str], nonce: Callable[[], str]) -> str:
    n = len(paraphrases)
    if n < 5:
        raise ValueError("at least 5 paraphrases are needed")
    ask(base)
    rounds = [(ask(base), ask(paraphrases[0]), ask(nonce())) for _ in paraphrases]
    repeated, similar, new = (np.array(arm) for arm in zip(*rounds))

    def faster(arm):
        u = (arm[:, None] < new).sum() + 0.5 * (arm[:, None] == new).sum()
        z = (u - n * n / 2) / math.sqrt(n * n * (2 * n + 1) / 12)
        return np.median(arm) < 0.5 * np.median(new) and z > 2.326

    if not faster(repeated):
        return "none"
    return "semantic" if faster(similar) else "exact"
