"""One Python loop over the rows, nothing reused."""
import math
import torch
def decode_pipeline(logits, T, k, p):
    V, out = logits.shape[-1], []
    for row in logits.reshape(-1, V).tolist():
        x = [s / T for s in row]
        bar = sorted(x, reverse=True)[min(k, V) - 1]
        m = max(x)
        w = [math.exp(s - m) if s >= bar else 0.0 for s in x]
        z, total, kept = sum(w), 0.0, {}
        for i in sorted(range(V), key=lambda i: -w[i]):
            if kept and total >= p and p < 1:
                break
            kept[i] = w[i]
            total += w[i] / z
        z = sum(kept.values())
        out.append([kept.get(i, 0.0) / z for i in range(V)])
    return torch.tensor(out, dtype=logits.dtype).reshape(logits.shape)
