"""numpy."""

import numpy as np
import torch


def shaped_reward(rm, lp, ref, mask, beta):
    a, b, r = (x.detach().double().numpy() for x in (lp, ref, rm))
    m = mask.numpy()
    out = np.zeros(a.shape)
    out[m] = -beta * (a[m] - b[m])
    for i in range(len(m)):
        if m[i].any():
            out[i, np.flatnonzero(m[i])[-1]] += r[i]
    return torch.from_numpy(out).to(lp.dtype)
