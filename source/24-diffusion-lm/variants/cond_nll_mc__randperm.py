"""A permutation for each row; sums with fsum."""
import math

import torch


def cond_nll_mc(model, x0, prompt_len, mask_id, n, seed, batch=64):
    g, A = torch.Generator().manual_seed(seed), len(x0) - prompt_len
    counts = [int(torch.randint(1, A + 1, (1,), generator=g)) for _ in range(n)]
    sets = [prompt_len + torch.randperm(A, generator=g)[:l] for l in counts]
    values = []
    for begin in range(0, n, batch):
        xt = torch.stack([x0.index_fill(0, places, mask_id) for places in sets[begin:begin + batch]])
        for places, logits in zip(sets[begin:begin + batch], model(xt)):
            row = logits[places].double()
            nll = row.logsumexp(-1) - row.gather(-1, x0[places][:, None])[:, 0]
            values.append(A / len(places) * float(nll.sum()))
    mean = math.fsum(values) / n
    return mean, math.sqrt(math.fsum((v - mean) ** 2 for v in values) / (n - 1) / n)
