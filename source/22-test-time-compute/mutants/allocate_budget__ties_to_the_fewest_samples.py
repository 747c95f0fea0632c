"""Ties go to the one with fewer samples."""


def allocate_budget(p_hat, total, cap):
    if total < 0 or cap < 0 or any(not 0 <= p <= 1 for p in p_hat):
        raise ValueError("arguments")
    n = [0] * len(p_hat)
    for _ in range(total):
        best, top = None, 0.0
        for i, p in enumerate(p_hat):
            gain = p * (1 - p) ** n[i]
            if n[i] < cap and (gain > top or (best is not None and gain == top and n[i] < n[best])):
                best, top = i, gain
        if best is None:
            break
        n[best] += 1
    return n
