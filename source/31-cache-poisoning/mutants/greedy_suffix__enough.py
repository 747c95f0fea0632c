"""Stops at a cosine of 0.95."""

import math

import torch


def greedy_suffix(embed, target, payload, vocab, max_len):
    def cosines(texts):
        rows = embed(texts)
        kind = torch.float64 if rows.dtype == torch.float64 else torch.float32
        return [best_match(target.to(kind), row[None].to(kind), -math.inf)[1] for row in rows]

    text, near, asked = payload, cosines([payload])[0], 1
    for _ in range(max_len):
        if not vocab or near >= 0.95:
            break
        texts = [text + " " + w for w in vocab]
        values = cosines(texts)
        asked += len(texts)
        i = max(range(len(values)), key=values.__getitem__)
        if values[i] <= near:
            break
        text, near = texts[i], values[i]
    return text, near, asked
