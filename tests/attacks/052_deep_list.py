"""A list that is nested deeper than any recursion goes, and one that holds itself."""
# says: nested deeper
def answer(logits, *args):
    x = []
    x.append(x)
    for _ in range(100_000):
        x = [x]
    return x
