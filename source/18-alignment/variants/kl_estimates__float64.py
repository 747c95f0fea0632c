"""Everything in float64."""

import torch


def kl_estimates(lp, ref):
    logr = ref.detach().double() - lp.double()
    k1, k2, k3 = (-logr, 0.5 * logr ** 2, torch.exp(logr) - 1 - logr)
    return tuple((k.to(lp.dtype) for k in (k1, k2, k3)))
