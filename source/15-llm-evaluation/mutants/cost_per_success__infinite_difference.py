"""The front by differences of costs: inf - inf is no number."""


def pareto(points):
    keep = []
    for k, (c, q) in enumerate(points):
        beaten = False
        for c2, q2 in points:
            if c2 - c <= 0 and q2 - q >= 0 and (c2 - c < 0 or q2 - q > 0):
                beaten = True
        if not beaten:
            keep.append(k)
    return keep
