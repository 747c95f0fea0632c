"""A string larger than any message may be."""
# says: over the limit|out of time
def answer(*args, **kwargs):
    return "a" * 20_000_000
