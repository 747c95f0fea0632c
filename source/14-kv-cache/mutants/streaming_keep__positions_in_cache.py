"""Positions within the cache instead of token indices."""

def streaming_keep(n, sinks, window):
    return list(range(min(n, sinks + window)))
