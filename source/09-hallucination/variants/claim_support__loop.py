"""Claim by claim over lists."""


def claim_support(P, threshold=0.5):
    if threshold <= 0 or threshold > 1:
        raise ValueError("threshold")
    verdicts = []
    for claim in P.tolist():
        if any(pair[2] >= threshold for pair in claim):
            verdicts.append("contradicted")
        elif any(pair[0] >= threshold for pair in claim):
            verdicts.append("supported")
        else:
            verdicts.append("unverified")
    if not verdicts:
        return float("nan"), verdicts
    return sum(verdict == "supported" for verdict in verdicts) / len(verdicts), verdicts
