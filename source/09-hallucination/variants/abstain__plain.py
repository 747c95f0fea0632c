"""Entropy by counts of its own, with numpy."""
import math

import numpy as np
import torch


def fit_flag(sampled, wrong, entails, precision=0.8):
    scores = torch.tensor([abstain("", samples, entails, math.inf)[1] for samples in sampled], dtype=torch.float64)
    return pick_threshold(scores, wrong, precision), auroc(scores, wrong)


def abstain(shown, samples, entails, threshold):
    if len(samples) == 0:
        raise ValueError("no samples")
    counts = np.bincount(cluster_answers(samples, entails))
    p = counts / counts.sum()
    entropy = round(float((p * np.log(1 / p)).sum()), 9)
    agree = 0
    for sample in samples:
        if sample == shown or (entails(shown, sample) and entails(sample, shown)):
            agree += 1
    text = shown
    if entropy >= threshold or agree == 0:
        text = NOT_SURE
    return text, entropy, agree / len(samples)
