"""Impossible drafts are noticed only where they are looked at."""

def speculative_verify(p, q, draft, u, u_next):
    p, q = p.double(), q.double()
    weights, accepted = p[len(draft)], len(draft)
    for i, d in enumerate(draft):
        if q[i, d] == 0:
            raise ValueError("a draft of probability 0")
        if not u[i] * q[i, d] < p[i, d]:
            rest = (p[i] - q[i]).clamp(min=0)
            weights, accepted = (rest if rest.sum() > 0 else p[i]), i
            break
    running = weights.cumsum(0)
    token = int((running > u_next * running[-1]).int().argmax())
    return [*map(int, draft[:accepted]), token], accepted
