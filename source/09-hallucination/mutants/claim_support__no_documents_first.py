"""No documents: returned before the threshold is looked at."""
import math


def claim_support(P, threshold=0.5):
    if P.shape[1] == 0 and P.shape[0]:
        return 0.0, ["unverified"] * P.shape[0]
    if not 0 < threshold <= 1:
        raise ValueError("threshold")
    x = P.double()
    contra = (x[..., 2] >= threshold).any(1)
    sup = (x[..., 0] >= threshold).any(1)
    out = ["contradicted" if c else "supported" if s else "unverified" for c, s in zip(contra.tolist(), sup.tolist())]
    return (out.count("supported") / len(out) if out else math.nan), out
