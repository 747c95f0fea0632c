"""The expectation of the other model."""


def elo_update(ra, rb, s, k=32.0):
    if s not in (0, 0.5, 1):
        raise ValueError("s must be 0, 0.5 or 1")
    move = k * (s - 1 / (1 + 10 ** ((ra - rb) / 400)))
    return ra + move, rb - move
