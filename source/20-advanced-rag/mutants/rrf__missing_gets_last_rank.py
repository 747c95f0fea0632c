"""A document that a list lacks is given the rank after its last."""
def rrf(rankings, k=60, topn=None):
    rankings = [list(dict.fromkeys(r)) for r in rankings]
    docs = {d for r in rankings for d in r}
    scores = {d: sum(1 / (k + (r.index(d) if d in r else len(r)) + 1) for r in rankings) for d in docs}
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:topn]
