"""Support by clustering once more, with the shown answer first, so that it opens cluster 0."""
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
    n = cluster_answers([shown, *samples], entails)[1:].count(0)
    text = NOT_SURE if h >= threshold or n == 0 else shown
    return text, h, n / len(samples)
