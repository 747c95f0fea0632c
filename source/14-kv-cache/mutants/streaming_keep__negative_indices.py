"""A short text gives negative indices."""

def streaming_keep(n, sinks, window):
    return sorted(set(range(sinks)) | set(range(n - window, n)))
