"""A heap of the open questions by their mean."""
import heapq
from collections import Counter


def spend(sample, verify, priors: list[tuple[float, float]], total: int, cap: int, confirm: int = 1) -> dict:
    Q = len(priors)
    drawn, passed, final = [[] for _ in range(Q)], [Counter() for _ in range(Q)], {}
    heap = [(-a / (a + b), q) for q, (a, b) in enumerate(priors)] if cap > 0 else []
    heapq.heapify(heap)
    while heap and total > 0:
        _, q = heapq.heappop(heap)
        total -= 1
        answer = sample(q)
        drawn[q].append(answer)
        if answer is not None and verify(q, answer):
            passed[q][answer] += 1
            if passed[q][answer] == confirm:
                final[q] = answer
                continue
        if len(drawn[q]) < cap:
            a, b = priors[q]
            heapq.heappush(heap, (-(a + passed[q].total()) / (a + b + len(drawn[q])), q))
    answers = []
    for q in range(Q):
        if q in final:
            answers.append(final[q])
        elif passed[q]:
            answers.append(passed[q].most_common(1)[0][0])
        else:
            answers.append(majority_vote(drawn[q])[0])
    return {"answers": answers, "accepted": [q in final for q in range(Q)], "draws": [len(d) for d in drawn]}
