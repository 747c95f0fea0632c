"""The threshold is always 0.5."""
import math


def claim_support(P, threshold=0.5):
    if not 0 < threshold <= 1:
        raise ValueError(f"a threshold lies above 0 and at most at 1, not at {threshold}")
    reached = (P.double() >= 0.5).any(1).tolist()
    verdicts = ["contradicted" if c else "supported" if e else "unverified" for e, _, c in reached]
    return (verdicts.count("supported") / len(verdicts) if verdicts else math.nan), verdicts
