"""Pure Python on each row."""
import math
import torch
def softmax_t(logits, T):
    rows = logits.reshape(-1, logits.shape[-1]).tolist()
    out = []
    for row in rows:
        if T < 0 or any(math.isnan(s) for s in row) or all(s == -math.inf for s in row):
            raise ValueError("bad input")
        m = max(row)
        w = [float(s == m) if T == 0 else math.exp((s - m) / T) for s in row]
        z = math.fsum(w)
        out.append([a / z for a in w])
    return torch.tensor(out, dtype=logits.dtype, device=logits.device).reshape(logits.shape)
