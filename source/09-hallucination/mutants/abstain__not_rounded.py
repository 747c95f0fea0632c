"""Entropies keep their last bits."""
import torch


def fit_flag(sampled, wrong, entails, precision=0.8):
    entropies = [semantic_entropy(cluster_answers(samples, entails)) for samples in sampled]
    scores = torch.tensor(entropies, dtype=torch.float64)
    return pick_threshold(scores, wrong, precision), auroc(scores, wrong)
