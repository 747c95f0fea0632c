"""numpy, float64 inside."""
import numpy as np


def best_match(query, keys, threshold, live=None):
    q, k = query.double().numpy(), keys.double().numpy()
    index = np.arange(len(k)) if live is None else np.flatnonzero(live.numpy())
    if len(index) == 0:
        return None
    lengths = np.sqrt((k[index] ** 2).sum(1)) * np.sqrt((q * q).sum())
    cosine = np.divide(k[index] @ q, lengths, out=np.zeros(len(index)), where=lengths > 0)
    i = int(np.argmax(cosine))
    return (int(index[i]), float(cosine[i])) if cosine[i] >= threshold else None
