"""Column by column."""
import torch


def context_precision_batch(V):
    hits = torch.zeros(len(V), dtype=torch.float64)
    ranks, total = hits.clone(), hits.clone()
    for verdicts in V.unbind(1):
        hit = (verdicts == 1).double()
        ranks += verdicts != -1
        hits += hit
        total += hit * hits / ranks.clamp(min=1)
    return total / hits.clamp(min=1)
