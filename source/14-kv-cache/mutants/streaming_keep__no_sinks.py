"""A plain window: the sinks are evicted."""

def streaming_keep(n, sinks, window):
    return list(range(max(n - window, 0), n))
