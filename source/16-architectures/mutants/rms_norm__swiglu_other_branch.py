"""The up branch is activated."""
import torch.nn.functional as F


def swiglu(x, gate, up, down):
    return ((x @ gate.T) * F.silu(x @ up.T)) @ down.T
