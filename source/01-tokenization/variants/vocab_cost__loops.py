"""A loop with the best so far."""
import math


def vocab_cost(V, D, body, bytes_per_token):
    flops = 2 * body
    flops += 2 * V * D
    return float(flops) / bytes_per_token


def best_vocab(bytes_per_token, D, body):
    best = None
    for V in sorted(bytes_per_token):
        cost = vocab_cost(V, D, body, bytes_per_token[V])
        if best is None or cost < best[0]:
            best = (cost, V)
    return best[1]


def bits_per_byte(logp, text):
    if not text:
        raise ValueError("empty")
    size = sum(len(c.encode()) for c in text) if isinstance(text, str) else len(text)
    return sum(-x / math.log(2) for x in logp) / size
