"""All the memory there is."""
# says: out of memory|out of time
# danger: eats all memory
def answer(*args, **kwargs):
    blocks = []
    while True:
        blocks.append(b"x" * (1 << 28))
