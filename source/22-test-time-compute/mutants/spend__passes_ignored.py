"""Draws that passed do not raise the mean."""


def spend(sample, verify, priors: list[tuple[float, float]], total: int, cap: int, confirm: int = 1) -> dict:
    drawn, passed = [[] for _ in priors], [[] for _ in priors]
    accepted = [None] * len(priors)

    def mean(q):
        a, b = priors[q]
        return a / (a + b + len(drawn[q]))

    for _ in range(total):
        still_open = [q for q in range(len(priors)) if accepted[q] is None and len(drawn[q]) < cap]
        if not still_open:
            break
        q = max(still_open, key=mean)
        answer = sample(q)
        drawn[q].append(answer)
        if answer is not None and verify(q, answer):
            passed[q].append(answer)
            if passed[q].count(answer) >= confirm:
                accepted[q] = (answer,)
    answers = [a[0] if a else majority_vote(p or d)[0] for a, p, d in zip(accepted, passed, drawn)]
    return {"answers": answers, "accepted": [a is not None for a in accepted], "draws": [len(d) for d in drawn]}
