"""The answer is a tensor."""

import torch


def effective_length(lengths, right, trials, threshold, by="mean"):
    if by not in ("mean", "worst"):
        raise ValueError("by")
    best = 0
    if len(lengths) == 0:
        return 0
    share = right.double() / trials
    score = share.mean(1) if by == "mean" else share.min(1).values
    for length, s in sorted(zip(lengths, score.tolist())):
        if s < threshold - 1e-9:
            break
        best = length
    return torch.tensor(best)
