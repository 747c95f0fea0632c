"""A full stop at the end is ignored."""

import torch


def audit(keys, answers, writers, golden, canaries, threshold):
    def near(vec):
        live = torch.ones(len(keys), dtype=torch.bool)
        out = []
        for j in range(len(keys)):
            if best_match(vec, keys[j:j + 1], threshold) is not None:
                out.append(j)
        return out

    def norm(text):
        return " ".join(text.split()).casefold().rstrip(".")

    alerts, blocked = [], set()
    for i, (vec, accepted) in enumerate(golden):
        good = {norm(a) for a in accepted}
        for j in near(vec):
            if norm(answers[j]) not in good:
                alerts.append(("golden", i, j))
                blocked.add(j)
    for i in range(len(canaries)):
        for j in near(canaries[i]):
            if writers[j] is not None:
                alerts.append(("canary", i, j))
                blocked |= {k for k in range(len(keys)) if writers[k] == writers[j] and writers[k] is not None}
    return sorted(alerts), sorted(blocked)
