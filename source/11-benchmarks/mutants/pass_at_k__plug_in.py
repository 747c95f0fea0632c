"""Each program is put back before the next draw."""


def pass_at_k(n: int, c: int, k: int) -> float:
    """The probability that k of n samples, drawn without putting back, hold one of the c right ones.

    n = 4, c = 1, k = 2: 1 - 3/6 = 0.5.
    """
    if not (1 <= k <= n and 0 <= c <= n):
        raise ValueError(f"needs 1 <= k <= n and 0 <= c <= n, got n = {n}, c = {c}, k = {k}")
    if n - c < k:
        return 1.0
    return 1.0 - (1.0 - c / n) ** k
