"""Everything in float64, rounded once at the end."""
def hyde_vector(q_vec, hyp, include_query=True, normalise=True):
    total, n = hyp.double().sum(0), len(hyp)
    if include_query or n == 0:
        total, n = total + q_vec.double(), n + 1
    mean = total / n
    return (mean / mean.norm() if normalise else mean).to(q_vec.dtype)
