"""Sets."""

def streaming_keep(n, sinks, window):
    return sorted(set(range(min(n, sinks))).union(range(max(0, n - window), n)))
