"""A short last block shares the scale of the one before."""
import torch
import torch.nn.functional as F


def nf4_quant(x, block=64):
    flat = x.to(torch.promote_types(x.dtype, torch.float32)).reshape(-1)
    blocks = F.pad(flat, (0, -len(flat) % block)).reshape(-1, block)
    scale = blocks.abs().amax(1)
    scale = torch.where(scale == 0, 1, scale)
    if len(flat) % block and len(scale) > 1:
        scale[-2:] = scale[-2:].max()
    codes = ((blocks / scale[:, None])[..., None] - NF4.to(x.device)).abs().argmin(-1)
    return codes.reshape(-1)[:len(flat)].reshape(x.shape).to(torch.uint8), scale
