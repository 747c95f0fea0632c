"""Dominated only by what is strictly better in both."""


def pareto(points):
    def beats(a, b):
        return a[0] < b[0] and a[1] > b[1]

    return [k for k, point in enumerate(points) if not any(beats(other, point) for other in points)]
