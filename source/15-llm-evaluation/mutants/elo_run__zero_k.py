"""K = 0 is taken for K not given."""


def elo_update(ra, rb, s, k=32.0):
    if s not in (0, 0.5, 1):
        raise ValueError("outcome")
    k = k or 32.0
    e = 1 / (1 + 10 ** ((rb - ra) / 400))
    return ra + k * (s - e), rb - k * (s - e)


def elo_run(n, games, k=32.0, start=1000.0):
    r = [float(start)] * n
    for a, b, s in games:
        if a == b:
            raise ValueError("itself")
        r[a], r[b] = elo_update(r[a], r[b], s, k)
    return r
