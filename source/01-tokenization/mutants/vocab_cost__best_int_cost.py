"""Costs are whole numbers."""

import math


def vocab_cost(V, D, body, bytes_per_token):
    return 2 * (body + V * D) / bytes_per_token


def best_vocab(bytes_per_token, D, body):
    return min(bytes_per_token, key=lambda V: (int(vocab_cost(V, D, body, bytes_per_token[V])), V))


def bits_per_byte(logp, text):
    size = len(text.encode() if isinstance(text, str) else text)
    if not size:
        raise ValueError("no bytes")
    return -sum(logp) / (math.log(2) * size)
