"""Pure Python, prompt by prompt."""
import math
import torch
def dpo_closed_form(ref_logp, u, beta):
    K, rows = ref_logp.shape[-1], []
    for r, w in zip(ref_logp.reshape(-1, K).tolist(), u.reshape(-1, K).tolist()):
        s = [a + b / beta for a, b in zip(r, w)]
        m = max(s)
        e = [math.exp(x - m) for x in s]
        rows.append([x / sum(e) for x in e])
    return torch.tensor(rows, dtype=ref_logp.dtype).reshape(ref_logp.shape)
