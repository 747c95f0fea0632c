"""No trick: right and slow."""
# attacks: power
# says: too slow
def answer(a, n):
    out = a
    for _ in range(n - 1):
        out = out @ a
    return out
