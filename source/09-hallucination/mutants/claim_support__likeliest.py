"""The likeliest class decides, without the threshold."""
import math

import torch


def claim_support(P, threshold=0.5):
    if not 0 < threshold <= 1:
        raise ValueError(f"a threshold lies above 0 and at most at 1, not at {threshold}")
    reached = torch.nn.functional.one_hot(P.double().argmax(-1), 3).bool().any(1).tolist()
    verdicts = ["contradicted" if c else "supported" if e else "unverified" for e, _, c in reached]
    return (verdicts.count("supported") / len(verdicts) if verdicts else math.nan), verdicts
