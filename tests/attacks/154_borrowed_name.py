"""The function takes the name of a helper of the reference, to be raced against that, and does as little."""
# attacks: power
# says: wrong there
def helper(a, b):
    return a * b


helper.__name__ = helper.__qualname__ = "times"
answer = helper
