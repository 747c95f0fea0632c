"""A tie counts as a loss."""


def elo_update(ra, rb, s, k=32.0):
    if s not in (0, 0.5, 1):
        raise ValueError("s must be 0, 0.5 or 1")
    move = k * (int(s) - 1 / (1 + 10 ** ((rb - ra) / 400)))
    return ra + move, rb - move
