"""Support from a clustering that begins with the shown answer."""
import torch


def fit_flag(sampled, wrong, entails, precision=0.8):
    h = torch.zeros(len(sampled), dtype=torch.float64)
    for i, samples in enumerate(sampled):
        h[i] = round(semantic_entropy(cluster_answers(list(samples), entails)), 9)
    return float(pick_threshold(h, wrong, precision)), float(auroc(h, wrong))


def abstain(shown, samples, entails, threshold):
    entropy = round(semantic_entropy(cluster_answers(samples, entails)), 9)
    labels = cluster_answers([shown, *samples], entails)[1:]
    support = labels.count(0) / len(labels)
    return (shown if entropy < threshold and support > 0 else NOT_SURE), entropy, support
