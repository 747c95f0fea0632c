"""window = 0 keeps everything: the [-0:] slip."""

def streaming_keep(n, sinks, window):
    every = list(range(n))
    return sorted(set(every[:sinks]) | set(every[-window:]))
