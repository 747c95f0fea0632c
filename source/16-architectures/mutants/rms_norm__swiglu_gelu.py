"""GELU instead of silu."""
import torch.nn.functional as F


def swiglu(x, gate, up, down):
    return (F.gelu(x @ gate.T) * (x @ up.T)) @ down.T
