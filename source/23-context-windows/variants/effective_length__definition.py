"""The definition, quantifier by quantifier."""


def effective_length(lengths, right, trials, threshold, by="mean"):
    if by not in ("mean", "worst"):
        raise ValueError("by")
    def ok(i):
        row = right[i].double()
        s = float(row.sum()) / (row.numel() * trials) if by == "mean" else float(row.min()) / trials
        return s >= threshold or abs(s - threshold) < 1e-9
    n = len(lengths)
    fit = [lengths[i] for i in range(n) if all(ok(j) for j in range(n) if lengths[j] <= lengths[i])]
    return max(fit) if fit else 0
