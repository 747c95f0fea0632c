"""Entropies are kept in float32."""
import torch


def fit_flag(sampled, wrong, entails, precision=0.8):
    entropies = [round(semantic_entropy(cluster_answers(samples, entails)), 9) for samples in sampled]
    scores = torch.tensor(entropies, dtype=torch.float32)
    return pick_threshold(scores, wrong, precision), auroc(scores, wrong)
