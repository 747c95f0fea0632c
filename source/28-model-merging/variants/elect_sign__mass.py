"""The two masses compared."""

import torch


def elect_sign(taus):
    t = taus.double()
    plus, minus = t.clamp(min=0).sum(0), (-t).clamp(min=0).sum(0)
    return ((plus > minus).double() - (plus < minus).double()).to(taus.dtype)
