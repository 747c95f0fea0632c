"""Half of the draws have the mirrored l of the others: less variance, and draws that depend on each other."""
import math

import numpy as np
import torch


def cond_nll_mc(model, x0, prompt_len, mask_id, n, seed, batch=64):
    g = torch.Generator().manual_seed(seed)
    A = x0.shape[0] - prompt_len
    values = []
    for begin in range(0, n, batch):
        rows = min(batch, n - begin)
        xt = x0[None].repeat(rows, 1)
        m = torch.zeros(rows, x0.shape[0], dtype=torch.bool)
        ls = torch.randint(1, A + 1, (rows,), generator=g)
        half = rows // 2
        ls[half:2 * half] = A + 1 - ls[:half]
        for r in range(rows):
            m[r, prompt_len + torch.randperm(A, generator=g)[: ls[r]]] = True
        xt[m] = mask_id
        logits = model(xt)
        for r in range(rows):
            lp = torch.log_softmax(logits[r, m[r]].double(), -1)
            nll = -lp.gather(-1, x0[m[r]][:, None]).sum()
            values.append(float(nll) * A / int(ls[r]))
    v = np.array(values)
    return float(v.mean()), float(v.std(ddof=1) / math.sqrt(n))
