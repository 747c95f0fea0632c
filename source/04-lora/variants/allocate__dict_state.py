"""The state is a dict; a python sort of all places."""
import torch


def importance(state, weights, grads, b1=0.85, b2=0.85):
    names, new, scores = ("P", "lam", "Q"), {}, {}
    for name, w, g in zip(names, weights, grads):
        now = torch.abs(w.detach() * g.detach())
        old = state[name] if state else {"mean": torch.zeros_like(now), "spread": torch.zeros_like(now)}
        mean = torch.lerp(now, old["mean"], b1)
        spread = torch.lerp((now - mean).abs(), old["spread"], b2)
        new[name] = {"mean": mean, "spread": spread}
        scores[name] = mean * spread
    return new, scores["lam"] + scores["P"].mean(dim=0) + scores["Q"].mean(dim=1)


def allocate(scores, budget):
    places = sorted(((-float(v), i, j) for i, s in enumerate(scores) for j, v in enumerate(s)))[:budget]
    masks = [torch.zeros(s.shape, dtype=torch.bool) for s in scores]
    for _, i, j in places:
        masks[i][j] = True
    return masks
