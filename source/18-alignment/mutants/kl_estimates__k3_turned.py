"""Only in k3 the exponential holds policy over reference."""

import torch


def kl_estimates(lp, ref):
    wide = torch.promote_types(lp.dtype, torch.float32)
    x = ref.detach().to(wide) - lp.to(wide)
    return ((-x).to(lp.dtype), (x * x / 2).to(lp.dtype), ((-x).expm1() + x).to(lp.dtype))
