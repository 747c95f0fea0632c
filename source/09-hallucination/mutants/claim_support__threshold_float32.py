"""The threshold goes through float32."""
import math

import torch


def claim_support(P, threshold=0.5):
    if not 0 < threshold <= 1:
        raise ValueError("threshold")
    x, threshold = P.double(), torch.tensor(threshold).item()
    contra = (x[..., 2] >= threshold).any(1)
    sup = (x[..., 0] >= threshold).any(1)
    out = ["contradicted" if c else "supported" if s else "unverified" for c, s in zip(contra.tolist(), sup.tolist())]
    return (out.count("supported") / len(out) if out else math.nan), out
