"""An unknown agg is noticed only at a trace."""
import torch


def trace_scores(steps, lengths, agg="min"):
    N, S = steps.shape
    out = torch.zeros(N, dtype=torch.float64, device=steps.device)
    for i in range(N):
        L = int(lengths[i])
        if L == 0:
            continue
        row = steps[i, :L].double()
        if agg == "last":
            out[i] = row[-1]
        elif agg == "min":
            out[i] = row.min()
        elif agg == "prod":
            out[i] = row.prod()
        elif agg == "geo":
            out[i] = row.log().mean().exp()
        elif agg == "mean":
            out[i] = row.mean()
        else:
            raise ValueError(agg)
    return out


def best_of_n(steps, lengths, answers, agg="min", weighted=False):
    scores = trace_scores(steps, lengths, agg).tolist()
    if weighted:
        return weighted_vote(answers, scores)[0]
    best, top = None, -1.0
    for a, s in zip(answers, scores):
        if a is not None and s > top:
            best, top = a, s
    return best
