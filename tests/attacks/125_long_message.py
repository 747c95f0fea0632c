"""A message of a ten megabytes."""
# says: stopped with|out of time
def answer(*args, **kwargs):
    raise ValueError("a\n" * 5_000_000)
