"""A sample that is equal but for its case supports the shown answer."""
import torch


def fit_flag(sampled, wrong, entails, precision=0.8):
    h = []
    for s in sampled:
        if len(s) == 0:
            raise ValueError("no samples")
        h.append(round(semantic_entropy(cluster_answers(s, entails)), 9))
    t = torch.tensor(h, dtype=torch.float64)
    return pick_threshold(t, wrong, precision), auroc(t, wrong)


def abstain(shown, samples, entails, threshold):
    if len(samples) == 0:
        raise ValueError("no samples")
    h = round(semantic_entropy(cluster_answers(samples, entails)), 9)
    n = sum(1 for s in samples if s.lower() == shown.lower() or (entails(s, shown) and entails(shown, s)))
    text = NOT_SURE if h >= threshold or n == 0 else shown
    return text, h, n / len(samples)
