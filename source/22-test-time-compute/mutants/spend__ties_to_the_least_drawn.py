"""Ties to the one drawn least."""


def spend(sample, verify, priors, total, cap, confirm=1):
    Q = len(priors)
    drawn, passed = [[] for _ in range(Q)], [[] for _ in range(Q)]
    answers, accepted = [None] * Q, [False] * Q
    for _ in range(total):
        best, top = None, -1.0
        for q, (a, b) in enumerate(priors):
            mean = (a + len(passed[q])) / (a + b + len(drawn[q]))
            if not accepted[q] and len(drawn[q]) < cap and (mean > top or (mean == top and best is not None and len(drawn[q]) < len(drawn[best]))):
                best, top = q, mean
        if best is None:
            break
        answer = sample(best)
        drawn[best].append(answer)
        if answer is not None and verify(best, answer):
            passed[best].append(answer)
            if sum(x == answer for x in passed[best]) >= confirm:
                accepted[best], answers[best] = True, answer
    for q in range(Q):
        if not accepted[q]:
            answers[q] = majority_vote(passed[q] or drawn[q])[0]
    return {"answers": answers, "accepted": accepted, "draws": [len(d) for d in drawn]}
