"""best_of_n always takes the weakest step."""
from jaxtyping import Float, Int
from torch import Tensor


def best_of_n(steps: Float[Tensor, "N S"], lengths: Int[Tensor, "N"], answers: list, agg: str = "min",
              weighted: bool = False):
    scores = trace_scores(steps, lengths).tolist() if agg in ("last", "min", "prod", "geo", "mean") else trace_scores(steps, lengths, agg)
    if weighted:
        return weighted_vote(answers, scores)[0]
    best = max((i for i, a in enumerate(answers) if a is not None), key=scores.__getitem__, default=None)
    return None if best is None else answers[best]
