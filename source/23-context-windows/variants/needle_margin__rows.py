"""Row by row."""
import math

import torch


def needle_margin(scores, needle):
    wide = torch.promote_types(scores.dtype, torch.float32)
    rows, places = scores.reshape(-1, scores.shape[-1]).to(wide), needle.reshape(-1)
    margins, masses = torch.empty(len(rows), dtype=wide), torch.empty(len(rows), dtype=wide)
    for i, (row, j) in enumerate(zip(rows, places.tolist())):
        others = torch.cat([row[:j], row[j + 1:]])
        others = others[others > -torch.inf]
        if len(others) == 0:
            margins[i], masses[i] = torch.inf, 1.0
        else:
            margins[i] = row[j] - (others.logsumexp(0) - math.log(len(others)))
            masses[i] = torch.cat([row[j:j + 1], others]).log_softmax(0)[0].exp()
    return margins.reshape(needle.shape).to(scores.dtype), masses.reshape(needle.shape).to(scores.dtype)
