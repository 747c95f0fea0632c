"""The running total must only reach the mark."""

def speculative_verify(p, q, draft, u, u_next):
    p, q = p.double(), q.double()
    if any(q[i, d] == 0 for i, d in enumerate(draft)):
        raise ValueError("a draft of probability 0")
    weights, accepted = p[len(draft)], len(draft)
    for i, d in enumerate(draft):
        if not u[i] * q[i, d] < p[i, d]:
            rest = (p[i] - q[i]).clamp(min=0)
            weights, accepted = (rest if rest.sum() > 0 else p[i]), i
            break
    running = weights.cumsum(0)
    token = int((running >= u_next * running[-1]).int().argmax())
    return [*map(int, draft[:accepted]), token], accepted
