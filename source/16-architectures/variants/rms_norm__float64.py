"""float64 inside, einsum, sigmoid by hand."""
import torch


def rms_norm(x, weight, eps=1e-5):
    d = x.double()
    square = torch.einsum("...d,...d->...", d, d)[..., None] / x.shape[-1]
    return (d / (square + eps) ** 0.5 * weight.double()).to(x.dtype)


def swiglu(x, gate, up, down):
    d = x.double()
    g = torch.einsum("...d,fd->...f", d, gate.double())
    u = torch.einsum("...d,fd->...f", d, up.double())
    return torch.einsum("...f,df->...d", g / (1 + torch.exp(-g)) * u, down.double()).to(x.dtype)
