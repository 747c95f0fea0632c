"""Row by row, with nonzero."""

import torch


def shaped_reward(rm, lp, ref, mask, beta):
    wide = torch.promote_types(lp.dtype, torch.float32)
    out = torch.zeros(lp.shape, dtype=wide)
    with torch.no_grad():
        for i in range(lp.shape[0]):
            where = mask[i].nonzero()[:, 0]
            if len(where):
                out[i, where] = -beta * (lp[i, where].to(wide) - ref[i, where].to(wide))
                out[i, where[-1]] += rm[i].to(wide)
    return out.to(lp.dtype)
