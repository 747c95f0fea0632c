"""The log-ratio is capped at 10 above."""

import torch


def kl_estimates(lp, ref):
    wide = torch.promote_types(lp.dtype, torch.float32)
    x = ref.detach().to(wide) - lp.to(wide)
    x = x.clamp(max=10.0)
    k1 = -x
    k2 = x * x / 2
    k3 = x.expm1() - x
    return k1.to(lp.dtype), k2.to(lp.dtype), k3.to(lp.dtype)
