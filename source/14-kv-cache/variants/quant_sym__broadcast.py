"""unsqueeze and broadcasting; the scale in the input's dtype."""
import torch


def quant_sym(x, bits, mode="tensor", g=None):
    wide = x.to(torch.promote_types(x.dtype, torch.float32))
    top = 2.0 ** (bits - 1) - 1
    if mode == "tensor":
        amax = wide.abs().max()
        spread = amax
    elif mode == "channel":
        amax = wide.abs().max(dim=1).values
        spread = amax[:, None]
    else:
        amax = wide.unflatten(1, (-1, g)).abs().max(dim=2).values
        spread = amax.repeat_interleave(g, dim=1)
    scale, spread = (torch.where(a > 0, a / top, torch.ones_like(a)) for a in (amax, spread))
    q = torch.clamp(torch.round(wide / spread), -top - 1, top).to(torch.int8)
    return q, scale.to(x.dtype)
