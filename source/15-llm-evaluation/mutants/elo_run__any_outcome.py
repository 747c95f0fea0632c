"""Any number passes as an outcome."""


def elo_update(ra, rb, s, k=32.0):
    move = k * (s - 1 / (1 + 10 ** ((rb - ra) / 400)))
    return ra + move, rb - move
