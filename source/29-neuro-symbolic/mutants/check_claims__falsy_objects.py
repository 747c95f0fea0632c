"""Rivals that are 0 or empty do not count."""


def check_claims(claims, kg, functional=(), inverse_functional=(), aliases=None, open_world=True):
    def name(e):
        while isinstance(e, str) and e in (aliases or {}):
            e = aliases[e]
        return e

    objects, subjects = {}, {}
    for s, r, o in kg:
        s, o = name(s), name(o)
        objects.setdefault((s, r), set()).add(o)
        subjects.setdefault((o, r), set()).add(s)
    verdicts = []
    for s, r, o in claims:
        s, o = name(s), name(o)
        there, here = objects.get((s, r), set()), subjects.get((o, r), set())
        holds = o in there
        against = (r in functional and any(there - {o}) or r in inverse_functional and bool(here - {s})
                   or not open_world and not holds)
        verdicts.append(("disputed" if against else "supported") if holds
                        else "contradicted" if against else "unknown")
    return verdicts
