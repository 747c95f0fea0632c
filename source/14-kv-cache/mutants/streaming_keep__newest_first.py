"""Not sorted: the window comes first."""

def streaming_keep(n, sinks, window):
    recent = [i for i in range(n) if i >= n - window and i >= sinks]
    return recent + list(range(min(sinks, n)))
