"""All cosines at once, in float64."""
import torch


def audit(keys, answers, writers, golden, canaries, threshold):
    def unit(x):
        x = x.double()
        lengths = x.norm(dim=-1, keepdim=True)
        return torch.where(lengths > 0, x / lengths, 0.0)

    k = unit(keys)
    alerts, blocked, caught = [], set(), []
    for i, c in enumerate(canaries):
        for j in (k @ unit(c) >= threshold).nonzero().flatten().tolist():
            if writers[j] is not None:
                alerts.append(("canary", i, j))
                caught.append(writers[j])
    for i, (vec, accepted) in enumerate(golden):
        good = {" ".join(a.casefold().split()) for a in accepted}
        for j in (k @ unit(vec) >= threshold).nonzero().flatten().tolist():
            if " ".join(answers[j].casefold().split()) not in good:
                alerts.append(("golden", i, j))
                blocked.add(j)
    blocked.update(j for j in range(len(writers)) if writers[j] in caught)
    return alerts, sorted(blocked)
