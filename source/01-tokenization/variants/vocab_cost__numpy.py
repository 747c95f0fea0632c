"""Arrays and argmin."""
import numpy as np


def vocab_cost(V, D, body, bytes_per_token):
    return (2.0 * body + 2.0 * V * D) / bytes_per_token


def best_vocab(bytes_per_token, D, body):
    sizes = np.array(sorted(bytes_per_token))
    ratios = np.array([bytes_per_token[int(V)] for V in sizes])
    return int(sizes[np.argmin(2 * (body + sizes * D) / ratios)])


def bits_per_byte(logp, text):
    n = len(text if isinstance(text, bytes) else bytes(text, "utf-8"))
    if n < 1:
        raise ValueError
    return float(-np.log2(np.e) * np.asarray(logp, dtype=np.float64).sum() / n)
