"""A relation is functional if its name stands within another's."""
def check_claims(claims, kg, functional=(), inverse_functional=(), aliases=None, open_world=True):
    aliases = aliases or {}

    def name(x):
        while isinstance(x, str) and x in aliases:
            x = aliases[x]
        return x

    def same(x, y):
        return type(x) is type(y) and x == y

    graph = [(name(s), r, name(o)) for s, r, o in kg]
    out = []
    for s, r, o in claims:
        s, o = name(s), name(o)
        holds = any(s == s2 and r == r2 and same(o, o2) for s2, r2, o2 in graph)
        against = False
        if any(r in f for f in functional):
            against = against or any(s == s2 and r == r2 and not same(o, o2) for s2, r2, o2 in graph)
        if r in inverse_functional:
            against = against or any(s != s2 and r == r2 and same(o, o2) for s2, r2, o2 in graph)
        if not open_world:
            against = against or not holds
        out.append(("disputed" if against else "supported") if holds else ("contradicted" if against else "unknown"))
    return out
