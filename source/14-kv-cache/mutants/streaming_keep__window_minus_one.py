"""The window is short by one."""

def streaming_keep(n, sinks, window):
    return [i for i in range(n) if i < sinks or i > n - window]
