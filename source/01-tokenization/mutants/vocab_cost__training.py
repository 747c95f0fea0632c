"""Six FLOPs a weight: that is training."""
import math


def vocab_cost(V, D, body, bytes_per_token):
    return 6 * (body + V * D) / bytes_per_token


def best_vocab(bytes_per_token, D, body):
    return min(sorted(bytes_per_token), key=lambda V: vocab_cost(V, D, body, bytes_per_token[V]))


def bits_per_byte(logp, text):
    data = text.encode() if isinstance(text, str) else text
    if len(data) == 0:
        raise ValueError("no bytes")
    return -sum(logp) / math.log(2) / len(data)
