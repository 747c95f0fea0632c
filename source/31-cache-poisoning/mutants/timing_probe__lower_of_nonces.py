"""The lower median of the nonces, for even n."""
import math
import torch
import torch.nn.functional as F
import numpy as np
import statistics


def timing_probe(ask, base, paraphrases, nonce):
    n = len(paraphrases)
    if n < 5:
        raise ValueError("too few")
    ask(base)
    arms = [[], [], []]
    for p in paraphrases:
        arms[0].append(ask(base))
        arms[1].append(ask(p))
        arms[2].append(ask(nonce()))

    def faster(arm):
        slow = arms[2]
        if not statistics.median(arm) < statistics.median_low(slow) / 2:
            return False
        u = sum((a < b) + 0.5 * (a == b) for a in arm for b in slow)
        return (u - n * n / 2) / math.sqrt(n * n * (2 * n + 1) / 12) > 2.326
    if not faster(arms[0]):
        return "none"
    return "semantic" if faster(arms[1]) else "exact"
