"""Gains below 1e-9 get nothing."""
def allocate_budget(p_hat, total, cap):
    if total < 0 or cap < 0 or not all(0 <= p <= 1 for p in p_hat):
        raise ValueError("no probabilities, or a negative budget")
    n = [0] * len(p_hat)
    for _ in range(total):
        best, top = None, 1e-9
        for q, p in enumerate(p_hat):
            gain = p * (1 - p) ** n[q]
            if n[q] < cap and gain > top:
                best, top = q, gain
        if best is None:
            break
        n[best] += 1
    return n
