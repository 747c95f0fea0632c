"""One scale for the whole tensor."""
import torch
import torch.nn.functional as F


def nf4_quant(x, block=64):
    flat = x.to(torch.promote_types(x.dtype, torch.float32)).reshape(-1)
    blocks = F.pad(flat, (0, -len(flat) % block)).reshape(-1, block)
    scale = blocks.abs().amax().expand(len(blocks))
    scale = torch.where(scale == 0, 1, scale)
    codes = ((blocks / scale[:, None])[..., None] - NF4.to(x.device)).abs().argmin(-1)
    return codes.reshape(-1)[:len(flat)].reshape(x.shape).to(torch.uint8), scale
