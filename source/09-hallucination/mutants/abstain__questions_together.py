"""The samples of all questions are clustered together."""
import torch


def fit_flag(sampled, wrong, entails, precision=0.8):
    if not all(len(samples) for samples in sampled):
        raise ValueError("no samples")
    labels, entropies = cluster_answers([s for samples in sampled for s in samples], entails), []
    for samples in sampled:
        entropies.append(round(semantic_entropy(labels[:len(samples)]), 9))
        labels = labels[len(samples):]
    scores = torch.tensor(entropies, dtype=torch.float64)
    return pick_threshold(scores, wrong, precision), auroc(scores, wrong)
