"""A scan of the whole graph for each claim."""


def check_claims(claims, kg, functional=(), inverse_functional=(), aliases=None, open_world=True):
    aliases = aliases or {}

    def canonical(x):
        while x in aliases:
            x = aliases[x]
        return x

    graph = [(canonical(a), r, canonical(b)) for a, r, b in kg]
    out = []
    for a, r, b in claims:
        a, b = canonical(a), canonical(b)
        holds = (a, r, b) in graph
        rival = False
        for x, q, y in graph:
            if q != r:
                continue
            if q in functional and x == a and y != b:
                rival = True
            if q in inverse_functional and y == b and x != a:
                rival = True
        if holds:
            out.append("disputed" if rival else "supported")
        elif rival or not open_world:
            out.append("contradicted")
        else:
            out.append("unknown")
    return out
