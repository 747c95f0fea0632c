"""The start is always 1000."""


def elo_run(n, games, k=32.0, start=1000.0):
    ratings = [1000.0] * n
    for a, b, s in games:
        if a == b:
            raise ValueError("nobody plays against itself")
        ratings[a], ratings[b] = elo_update(ratings[a], ratings[b], s, k)
    return ratings
