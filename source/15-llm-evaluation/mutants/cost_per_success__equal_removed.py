"""Equal points remove each other, but for the first."""


def pareto(points):
    def beats(a, b):
        return a[0] <= b[0] and a[1] >= b[1] and (a[0] < b[0] or a[1] > b[1])

    return [k for k, point in enumerate(points) if point not in points[:k] and not any(beats(other, point) for other in points)]
