"""Pops the draft."""

import torch


def speculative_verify(p, q, draft, u, u_next):
    P, Q = p.double().tolist(), q.double().tolist()
    k = len(draft)
    for i in range(k):
        if Q[i][draft[i]] == 0:
            raise ValueError("impossible draft")

    def pick(w):
        total = sum(w)
        run = 0.0
        for i, x in enumerate(w):
            run += x
            if run > u_next * total:
                return i
        return max(i for i, x in enumerate(w) if x > 0)

    tokens, left = [], draft
    for i in range(k):
        d = draft[i]
        if u[i] * Q[i][d] < P[i][d]:
            tokens.append(int(d))
            continue
        w = [max(x - y, 0.0) for x, y in zip(P[i], Q[i])]
        if sum(w) == 0:
            w = P[i]
        tokens.append(pick(w))
        del left[i:]
        return tokens, i
    tokens.append(pick(P[k]))
    return tokens, k
