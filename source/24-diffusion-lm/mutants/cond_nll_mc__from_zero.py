"""l is drawn from 0 to A."""
import math

import torch
import torch.nn.functional as F
from torch import Tensor


def cond_nll_mc(model, x0: Tensor, prompt_len: int, mask_id: int, n: int, seed: int,
                batch: int = 64) -> tuple[float, float]:
    g, A, values = torch.Generator().manual_seed(seed), len(x0) - prompt_len, []
    for begin in range(0, n, batch):
        rows = min(batch, n - begin)
        l = torch.randint(0, A + 1, (rows, 1), generator=g)
        places = torch.rand(rows, A, generator=g).argsort(dim=1).argsort(dim=1)
        m = F.pad(places < l, (prompt_len, 0))
        logp = model(torch.where(m, mask_id, x0)).double().log_softmax(-1)
        target = torch.where(m, x0, 0)
        nll = -logp.gather(-1, target[..., None])[..., 0]
        values.append(A / l[:, 0].double().clamp(min=1) * torch.where(m, nll, 0.0).sum(1))
    values = torch.cat(values)
    return values.mean().item(), values.std().item() / math.sqrt(n)
