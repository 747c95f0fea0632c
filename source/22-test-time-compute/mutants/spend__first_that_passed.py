"""The first that passed, not the vote."""
def spend(sample, verify, priors, total, cap, confirm=1):
    Q = len(priors)
    drawn, passed = [[] for _ in range(Q)], [[] for _ in range(Q)]
    answers, accepted = [None] * Q, [False] * Q

    def mean(q):
        a, b = priors[q]
        return (a + len(passed[q])) / (a + b + len(drawn[q]))

    for _ in range(total):
        still = [q for q in range(Q) if not accepted[q] and len(drawn[q]) < cap]
        if not still:
            break
        q = max(still, key=mean)
        got = sample(q)
        drawn[q].append(got)
        if got is not None and verify(q, got):
            passed[q].append(got)
            if passed[q].count(got) >= confirm:
                answers[q], accepted[q] = got, True
    for q in range(Q):
        if not accepted[q]:
            answers[q] = passed[q][0] if passed[q] else majority_vote(drawn[q])[0]
    return {"answers": answers, "accepted": accepted, "draws": [len(d) for d in drawn]}
