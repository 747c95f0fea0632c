"""K of elo_run does not reach the update."""


def elo_run(n, games, k=32.0, start=1000.0):
    ratings = [float(start)] * n
    for a, b, s in games:
        if a == b:
            raise ValueError("nobody plays against itself")
        ratings[a], ratings[b] = elo_update(ratings[a], ratings[b], s)
    return ratings
