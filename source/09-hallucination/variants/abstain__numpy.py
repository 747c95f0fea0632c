"""Entropy from the counts of labels, in numpy, with numpy's rounding."""
import numpy as np
import torch


def fit_flag(sampled, wrong, entails, precision=0.8):
    h = np.zeros(len(sampled))
    for i, s in enumerate(sampled):
        if not len(s):
            raise ValueError("none")
        p = np.unique(cluster_answers(s, entails), return_counts=True)[1] / len(s)
        h[i] = -(p * np.log(p)).sum()
    h = torch.from_numpy(np.round(h, 9))
    return pick_threshold(h, wrong, precision), auroc(h, wrong)


def abstain(shown, samples, entails, threshold):
    if not len(samples):
        raise ValueError("none")
    p = np.bincount(cluster_answers(samples, entails)) / len(samples)
    h = float(np.round(-(p * np.log(p)).sum(), 9))
    yes = [s == shown or bool(entails(shown, s) and entails(s, shown)) for s in samples]
    return (shown if h < threshold and any(yes) else NOT_SURE), h, float(np.mean(yes))
