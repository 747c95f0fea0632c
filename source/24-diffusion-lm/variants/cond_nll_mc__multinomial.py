"""multinomial draws the positions; running sums."""
import torch
import torch.nn.functional as F


def cond_nll_mc(model, x0, prompt_len, mask_id, n, seed, batch=64):
    g, A = torch.Generator().manual_seed(seed), len(x0) - prompt_len
    values = torch.empty(n, dtype=torch.float64)
    for begin in range(0, n, batch):
        xt = x0.repeat(min(batch, n - begin), 1)
        l = torch.randint(A, (len(xt),), generator=g) + 1
        masks = torch.zeros(len(xt), len(x0), dtype=torch.bool)
        for r in range(len(xt)):
            masks[r, prompt_len + torch.multinomial(torch.ones(A), int(l[r]), generator=g)] = True
        xt[masks] = mask_id
        logits = model(xt).double()
        rows = masks.nonzero()[:, 0]
        nll = F.cross_entropy(logits[masks], x0.expand(len(xt), -1)[masks], reduction="none")
        values[begin:begin + len(xt)] = torch.zeros(len(xt), dtype=torch.float64).index_add(0, rows, nll) * A / l
    return float(values.mean()), float((values.var(correction=1) / n).sqrt())
