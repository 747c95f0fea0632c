"""Two ranges that do not overlap."""

def streaming_keep(n, sinks, window):
    if n <= sinks + window:
        return [*range(n)]
    return [*range(sinks), *range(n - window, n)]
