"""None answers are replaced in place."""

import torch


def trace_scores(steps, lengths, agg="min"):
    if agg not in ("last", "min", "prod", "geo", "mean"):
        raise ValueError(agg)
    N, S = steps.shape
    out = torch.zeros(N, dtype=torch.float64, device=steps.device)
    if N == 0 or S == 0:
        return out
    x = steps.double()
    lengths = lengths.long()
    live = torch.arange(S, device=steps.device)[None, :] < lengths[:, None]
    one = torch.where(live, x, torch.ones_like(x))
    n = lengths.clamp(min=1)
    if agg == "last":
        got = x.gather(1, (n - 1)[:, None])[:, 0]
    elif agg == "min":
        got = one.min(1).values
    elif agg == "prod":
        got = one.prod(1)
    elif agg == "geo":
        got = (one.log().sum(1) / n).exp()
    else:
        got = torch.where(live, x, torch.zeros_like(x)).sum(1) / n
    return torch.where(lengths > 0, got, out)


def best_of_n(steps, lengths, answers, agg="min", weighted=False):
    scores = trace_scores(steps, lengths, agg).tolist()
    if weighted:
        return weighted_vote(answers, scores)[0]
    for i, a in enumerate(answers):
        if a is None:
            answers[i] = ""
            scores[i] = -1.0
    if not answers or max(scores) < 0:
        return None
    best = None
    for i, (s, a) in enumerate(zip(scores, answers)):
        if a is not None and (best is None or s > scores[best]):
            best = i
    return None if best is None else answers[best]
