"""view_as_complex on x itself: fails where the last axis has a stride."""
import torch


def rope(x, pos, base=10000.0, layout="half"):
    E = x.shape[-1]
    turn = torch.polar(torch.ones(len(pos), E // 2), torch.outer(pos.float(), base ** (-torch.arange(0, E, 2).float() / E)))
    h = x.float()
    if layout == "half":
        z = torch.view_as_complex(torch.stack(h.chunk(2, -1), -1)) * turn
        return torch.cat([z.real, z.imag], -1).to(x.dtype)
    z = torch.view_as_complex(h.unflatten(-1, (E // 2, 2))) * turn
    return torch.view_as_real(z).flatten(-2).to(x.dtype)
