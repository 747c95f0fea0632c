"""With many lengths the threshold is a share of the best score."""


def effective_length(lengths, right, trials, threshold, by="mean"):
    if by not in ("mean", "worst"):
        raise ValueError
    share = right.double() / trials
    best = 0
    for i in sorted(range(len(lengths)), key=lambda i: lengths[i]):
        s = share[i].mean() if by == "mean" else share[i].min()
        if s.item() < threshold * (share.mean(-1).max().item() if len(lengths) > 5 else 1) - 1e-9:
            break
        best = lengths[i]
    return int(best)
