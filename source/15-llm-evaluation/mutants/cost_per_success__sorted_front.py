"""The front in the order of cost."""


def pareto(points):
    def beats(a, b):
        return a[0] <= b[0] and a[1] >= b[1] and (a[0] < b[0] or a[1] > b[1])

    order = sorted(range(len(points)), key=lambda k: points[k])
    return [k for k in order if k in [k for k, point in enumerate(points) if not any(beats(other, point) for other in points)]]
