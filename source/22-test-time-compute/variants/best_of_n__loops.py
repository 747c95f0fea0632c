"""Row by row in Python floats."""
import math

import torch
from jaxtyping import Float, Int
from torch import Tensor


def trace_scores(steps: Float[Tensor, "N S"], lengths: Int[Tensor, "N"], agg: str = "min") -> Float[Tensor, "N"]:
    def one(row):
        if not row:
            return 0.0
        if agg == "last":
            return row[-1]
        if agg == "min":
            return min(row)
        if agg == "mean":
            return sum(row) / len(row)
        if agg == "geo":
            return 0.0 if min(row) == 0 else math.exp(sum(map(math.log, row)) / len(row))
        return math.prod(row)

    if agg not in ("last", "min", "prod", "geo", "mean"):
        raise ValueError(f"no aggregate {agg}")
    rows = [row[:n] for row, n in zip(steps.double().tolist(), lengths.tolist())]
    return torch.tensor([one(row) for row in rows], dtype=torch.float64)


def best_of_n(steps: Float[Tensor, "N S"], lengths: Int[Tensor, "N"], answers: list, agg: str = "min",
              weighted: bool = False):
    scores = trace_scores(steps, lengths, agg)
    if weighted:
        return weighted_vote(answers, [float(s) for s in scores])[0]
    best, best_score = None, -1.0
    for answer, score in zip(answers, scores.tolist()):
        if answer is not None and score > best_score:
            best, best_score = answer, score
    return best
