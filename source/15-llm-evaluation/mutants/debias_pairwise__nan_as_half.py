"""A pair with an invalid verdict is a tie."""


def debias_pairwise(first, second):
    if len(first) != len(second):
        raise ValueError("a pair needs a verdict in either order")

    def outcome(a, b):
        if "invalid" in (a, b):
            return 0.5
        return {("A", "B"): 1.0, ("B", "A"): 0.0}.get((a, b), 0.5)

    return [outcome(a, b) for a, b in zip(first, second)]
