"""Every game starts from the first ratings, as in a rating period."""


def elo_run(n, games, k=32.0, start=1000.0):
    ratings, old = [float(start)] * n, [float(start)] * n
    for a, b, s in games:
        if a == b:
            raise ValueError("nobody plays against itself")
        na, nb = elo_update(old[a], old[b], s, k)
        ratings[a], ratings[b] = ratings[a] + na - old[a], ratings[b] + nb - old[b]
    return ratings
