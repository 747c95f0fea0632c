"""The sinks are taken out of the window: window tokens in all."""

def streaming_keep(n, sinks, window):
    return [i for i in range(n) if i < sinks or i >= n - max(window - sinks, 0)]
