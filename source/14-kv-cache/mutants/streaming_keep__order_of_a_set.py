"""The order of a set, which is sorted for small numbers only."""


def streaming_keep(n, sinks, window):
    return list(set(range(min(sinks, n))) | set(range(max(n - window, 0), n)))
