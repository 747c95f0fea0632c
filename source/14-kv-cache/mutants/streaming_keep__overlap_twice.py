"""Indices in both parts are listed twice."""

def streaming_keep(n, sinks, window):
    return list(range(min(sinks, n))) + list(range(max(n - window, 0), n))
