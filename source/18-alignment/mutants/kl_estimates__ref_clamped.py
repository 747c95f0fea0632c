"""What the reference forbids is clamped to a finite cost."""

import torch


def kl_estimates(lp, ref):
    wide = torch.promote_types(lp.dtype, torch.float32)
    x = ref.detach().to(wide).clamp(min=-10000.0) - lp.to(wide)
    return ((-x).to(lp.dtype), (x * x / 2).to(lp.dtype), (x.expm1() - x).to(lp.dtype))
