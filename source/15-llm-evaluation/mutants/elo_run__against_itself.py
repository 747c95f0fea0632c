"""A model may play against itself."""


def elo_run(n, games, k=32.0, start=1000.0):
    ratings = [float(start)] * n
    for a, b, s in games:
        ratings[a], ratings[b] = elo_update(ratings[a], ratings[b], s, k)
    return ratings
