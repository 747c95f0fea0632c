"""All candidates of a round in one tensor; a finished hypothesis has one child, itself."""
import torch


def beam_search(step, bos, eos, beam, max_len, alpha=0.0):
    ids, logp = [[bos]], torch.zeros(1, dtype=torch.float64)
    for _ in range(max_len):
        if all(row[-1] == eos for row in ids):
            break
        rows = [torch.zeros(1, dtype=torch.float64) if row[-1] == eos else step(row).double() for row in ids]
        scores = torch.cat([lp + r for lp, r in zip(logp, rows)])
        owner = [(row, None if row[-1] == eos else i) for row, r in zip(ids, rows) for i in range(len(r))]
        top = scores.topk(min(beam, len(scores)))
        ids = [owner[j][0] if owner[j][1] is None else owner[j][0] + [owner[j][1]] for j in top.indices.tolist()]
        logp = top.values
    norm = logp / torch.tensor([float(len(row) - 1) for row in ids], dtype=torch.float64) ** alpha
    finished = torch.tensor([row[-1] == eos for row in ids])
    best = int((norm.masked_fill(~finished, -torch.inf) if finished.any() else norm).argmax())
    return ids[best], norm[best].item()
