"""The gradient reaches the reference."""

import torch


def kl_estimates(lp, ref):
    wide = torch.promote_types(lp.dtype, torch.float32)
    x = ref.to(wide) - lp.to(wide)
    return ((-x).to(lp.dtype), (x * x / 2).to(lp.dtype), (x.expm1() - x).to(lp.dtype))
