"""A set that grows, sums kept on the way."""


def recall_at_steps(trajectories, gold, n):
    recall, complete, questions = [0.0] * n, [0.0] * n, 0
    for q in range(len(gold)):
        need, have = frozenset(gold[q]), set()
        if len(need) == 0:
            continue
        questions += 1
        for s in range(n):
            if s < len(trajectories[q]):
                have.update(trajectories[q][s])
            found = sum(1 for id in need if id in have)
            recall[s] += found / len(need)
            complete[s] += found == len(need)
    if questions == 0:
        raise ValueError("no question has gold")
    return {"recall": [r / questions for r in recall], "complete": [c / questions for c in complete]}
