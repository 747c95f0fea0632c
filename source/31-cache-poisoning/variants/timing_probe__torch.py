"""Ranks by torch, with a correction for continuity."""
import torch


def timing_probe(ask, base, paraphrases, nonce):
    n = len(paraphrases)
    if n <= 4:
        raise ValueError("too few")
    ask(base)
    times = torch.tensor([[ask(text() if callable(text) else text) for text in (base, p, nonce)] for p in paraphrases],
                         dtype=torch.float64)
    middle = times.quantile(0.5, dim=0)

    def faster(i):
        a, b = times[:, i, None], times[None, :, 2]
        u = (a < b).sum() + (a == b).sum() / 2
        z = (u - n * n / 2 - 0.5) / (n * n * (2 * n + 1) / 12) ** 0.5
        return bool(middle[i] < middle[2] / 2) and bool(z > 2.326)

    return ("semantic" if faster(1) else "exact") if faster(0) else "none"
