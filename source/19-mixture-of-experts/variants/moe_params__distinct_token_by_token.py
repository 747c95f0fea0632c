"""Each further token finds its share of the experts that nobody chose."""
import numpy as np


def expected_distinct_experts(E, k, B):
    if B == 0:
        return 0.0
    missed = np.float64(E - k) / E
    return E - E * missed ** B
