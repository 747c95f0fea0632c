"""Output without end, from a cell and from the function."""
# says: out of time
# danger: stock nbgrader keeps all of it in memory
def answer(*args, **kwargs):
    while True:
        print("flood" * 10_000)


# %% after
for _ in range(2000):
    print("flood" * 10_000)
