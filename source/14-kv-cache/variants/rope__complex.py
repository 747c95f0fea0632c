"""Complex numbers."""
import torch


def rope(x, pos, base=10000.0, layout="half"):
    E = x.shape[-1]
    freq = 1.0 / base ** (torch.arange(0, E, 2, dtype=torch.float32) / E)
    turn = torch.polar(torch.ones(len(pos), E // 2), pos.float()[:, None] * freq)
    wide = x.float()
    if layout == "half":
        z = torch.complex(wide[..., :E // 2], wide[..., E // 2:]) * turn
        return torch.cat([z.real, z.imag], dim=-1).to(x.dtype)
    z = torch.view_as_complex(wide.reshape(*x.shape[:-1], E // 2, 2)) * turn
    return torch.view_as_real(z).reshape(x.shape).to(x.dtype)
