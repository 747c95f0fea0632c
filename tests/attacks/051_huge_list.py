"""A list of a hundred million elements in little memory."""
# says: parts|out of time|memory
def answer(*args, **kwargs):
    return [0] * 100_000_000
