"""A contradiction counts only where it is larger than every entailment."""
import math


def claim_support(P, threshold=0.5):
    if not 0 < threshold <= 1:
        raise ValueError(f"a threshold lies above 0 and at most at 1, not at {threshold}")
    if P.shape[1]:
        P = P.clone()
        P[..., 2][P[..., 2].amax(1) <= P[..., 0].amax(1)] = 0
    reached = (P.double() >= threshold).any(1).tolist()
    verdicts = ["contradicted" if c else "supported" if e else "unverified" for e, _, c in reached]
    return (verdicts.count("supported") / len(verdicts) if verdicts else math.nan), verdicts
