"""One pot: what one gains the other loses."""


def elo_update(ra, rb, s, k=32.0):
    if s != 0 and s != 1 and s != 0.5:
        raise ValueError(s)
    ea = 1.0 / (1.0 + 10.0 ** ((rb - ra) / 400.0))
    eb = 1.0 / (1.0 + 10.0 ** ((ra - rb) / 400.0))
    return ra + k * (s - ea), rb + k * ((1 - s) - eb)
