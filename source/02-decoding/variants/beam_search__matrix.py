"""A (hypotheses, V) matrix of log-probabilities and one flat topk; frozen rows hold one entry."""
import torch
def beam_search(step, bos, eos, beam, max_len, alpha=0.0):
    ids, logp = [[bos]], torch.zeros(1, dtype=torch.float64)
    for _ in range(max_len):
        rows = []
        for h, lp in zip(ids, logp):
            if h[-1] == eos:
                row = torch.full((V,), -torch.inf, dtype=torch.float64)
                row[eos] = lp
            else:
                row = step(h).double() + lp
                V = len(row)
            rows.append(row)
        table = torch.stack(rows).flatten()
        top, at = table.topk(min(beam, len(table)))
        at, logp = at[top > -torch.inf], top[top > -torch.inf]
        ids = [ids[a // V] if ids[a // V][-1] == eos else ids[a // V] + [a % V] for a in at.tolist()]
        if all(h[-1] == eos for h in ids):
            break
    score = [lp / (len(h) - 1) ** alpha for h, lp in zip(ids, logp.tolist())]
    done = [i for i, h in enumerate(ids) if h[-1] == eos] or range(len(ids))
    best = max(done, key=lambda i: score[i])
    return ids[best], score[best]
