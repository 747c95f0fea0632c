"""Both branches are activated."""
import torch.nn.functional as F


def swiglu(x, gate, up, down):
    return (F.silu(x @ gate.T) * F.silu(x @ up.T)) @ down.T
