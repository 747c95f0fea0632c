"""numpy's generator, one text at a time."""
import math

import numpy as np
import torch.nn.functional as F


def cond_nll_mc(model, x0, prompt_len, mask_id, n, seed, batch=64):
    rng, A = np.random.default_rng(seed), len(x0) - prompt_len
    drawn = [prompt_len + rng.choice(A, size=rng.integers(1, A + 1), replace=False) for _ in range(n)]
    values = []
    for begin in range(0, n, batch):
        part = drawn[begin:begin + batch]
        xt = x0.repeat(len(part), 1)
        for r, places in enumerate(part):
            xt[r, places] = mask_id
        logits = model(xt).double()
        for r, places in enumerate(part):
            nll = F.cross_entropy(logits[r, places], x0[places], reduction="sum")
            values.append(A / len(places) * nll.item())
    return float(np.mean(values)), float(np.std(values, ddof=1) / math.sqrt(n))
