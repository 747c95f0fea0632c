"""Python's sort, which is stable."""

import torch


def trim(tau, keep, scope="global"):
    if keep < 0 or keep > 1 or scope not in {"global", "tensor"}:
        raise ValueError
    out = {k: torch.zeros_like(t, memory_format=torch.contiguous_format) for k, t in tau.items()}
    for group in [list(tau)] if scope == "global" else [[k] for k in tau]:
        every = [(-abs(x), j, k, i) for j, k in enumerate(group) for i, x in enumerate(tau[k].flatten().tolist())]
        for _, _, k, i in sorted(every)[:max(1, int(keep * len(every)))]:
            out[k].view(-1)[i] = tau[k].flatten()[i]
    return out
