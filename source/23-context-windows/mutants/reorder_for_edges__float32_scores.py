"""Scores are compared in float32: near ones tie."""

import numpy as np


def reorder_for_edges(docs, scores, strong="start"):
    if len(docs) != len(scores) or strong not in ("start", "end"):
        raise ValueError("arguments")
    order = sorted(range(len(docs)), key=lambda i: -float(np.float32(scores[i])))
    ranked = [docs[i] for i in order]
    if strong == "start":
        return ranked[::2] + ranked[1::2][::-1]
    return ranked[1::2] + ranked[::2][::-1]
