"""A table of verdicts, looked up by two flags; roots found first."""


from collections import Counter

import numpy as np

VERDICTS = np.array([["unknown", "contradicted"], ["supported", "disputed"]], dtype=object)


def check_claims(claims, kg, functional=(), inverse_functional=(), aliases=None, open_world=True):
    def root(e):
        seen = e
        while aliases and not isinstance(seen, int) and seen in aliases:
            seen = aliases[seen]
        return seen

    triples = {(root(s), r, root(o)) for s, r, o in kg}
    out_degree = Counter((s, r) for s, r, _ in triples)
    in_degree = Counter((r, o) for _, r, o in triples)

    def one(s, r, o):
        s, o = root(s), root(o)
        holds = int((s, r, o) in triples)
        against = (r in functional and out_degree[s, r] > holds) or (r in inverse_functional and in_degree[r, o] > holds)
        against = against or (not open_world and not holds)
        return VERDICTS[holds, int(bool(against))]
    return [str(one(*claim)) for claim in claims]
