"""Ids are compared as text: 0 and '0' are one."""


def recall_at_steps(trajectories, gold, n):
    recall, complete, number = [0.0] * n, [0.0] * n, 0
    for steps_, needed in zip(trajectories, gold):
        need = set(map(str, needed))
        if not need:
            continue
        number += 1
        have = set()
        for s in range(n):
            if s < len(steps_):
                have |= set(map(str, steps_[s]))
            recall[s] += len(have & need) / len(need)
            complete[s] += float(need <= have)
    if number == 0:
        raise ValueError("no question has gold")
    return {"recall": [r / number for r in recall], "complete": [c / number for c in complete]}
