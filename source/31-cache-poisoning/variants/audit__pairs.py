"""One pair at a time by best_match."""

def audit(keys, answers, writers, golden, canaries, threshold):
    alerts, blocked = [], []
    for j in range(len(keys)):
        for i in range(len(canaries)):
            if writers[j] is not None and best_match(canaries[i], keys[j:j + 1], threshold):
                alerts.append(("canary", i, j))
        for i, (vec, accepted) in enumerate(golden):
            right = any(a.casefold().split() == answers[j].casefold().split() for a in accepted)
            if not right and best_match(vec, keys[j:j + 1], threshold):
                alerts.append(("golden", i, j))
    alerts.sort()
    bad = {j for kind, _, j in alerts if kind == "golden"}
    names = [writers[j] for kind, _, j in alerts if kind == "canary"]
    blocked = [j for j in range(len(keys)) if j in bad or writers[j] in names]
    return alerts, blocked
