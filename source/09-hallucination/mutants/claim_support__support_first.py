"""Support overrides contradiction."""
import math


def claim_support(P, threshold=0.5):
    if not 0 < threshold <= 1:
        raise ValueError(f"a threshold lies above 0 and at most at 1, not at {threshold}")
    reached = (P.double() >= threshold).any(1).tolist()
    verdicts = ["supported" if e else "contradicted" if c else "unverified" for e, _, c in reached]
    return (verdicts.count("supported") / len(verdicts) if verdicts else math.nan), verdicts
