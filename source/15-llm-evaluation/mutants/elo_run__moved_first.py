"""The second expectation is taken after the first rating has moved."""


def elo_update(ra, rb, s, k=32.0):
    if s not in (0, 0.5, 1):
        raise ValueError("s must be 0, 0.5 or 1")
    move = k * (s - 1 / (1 + 10 ** ((rb - ra) / 400)))
    ra = ra + move
    return ra, rb + k * ((1 - s) - 1 / (1 + 10 ** ((ra - rb) / 400)))
