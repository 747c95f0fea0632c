"""An MLP without a gate."""
import torch.nn.functional as F


def swiglu(x, gate, up, down):
    return (F.silu(x @ up.T)) @ down.T
