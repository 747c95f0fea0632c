"""timed: two steps, normalised first."""
import math

import torch


def best_match(query, keys, threshold, live=None):
    wide = torch.promote_types(keys.dtype, torch.float32)
    keys, query = keys.to(wide), query.to(wide)
    unit = keys / keys.norm(dim=1, keepdim=True)
    cosine = (unit @ (query / query.norm())).nan_to_num(0.0)
    if live is not None:
        cosine[~live] = -math.inf
    if not len(cosine) or (live is not None and not bool(live.any())):
        return None
    best, i = cosine.max(0)
    return (int(i), best.item()) if best >= threshold else None
