"""One place after the other."""
from collections import Counter


def allocate_vocab(gains, weights, size, floor=0):
    taken = []
    for lang in gains:
        own = dict(gains[lang])
        for _ in range(floor):
            if own:
                best = min(own, key=lambda t: (-own[t], t))
                own.pop(best)
                if best not in taken:
                    taken.append(best)
    if len(taken) > size:
        raise ValueError("room")
    total = Counter()
    for lang in gains:
        for t in gains[lang]:
            total[t] += weights[lang] * gains[lang][t]
    while len(taken) < size:
        left = [t for t in total if t not in taken and total[t] > 0]
        if not left:
            break
        taken.append(min(left, key=lambda t: (-total[t], t)))
    return sorted(taken)
