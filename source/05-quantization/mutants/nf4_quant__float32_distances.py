"""float64 numbers meet the levels in float32."""
import math
import struct

import numpy as np
import torch
import torch.nn.functional as F

def nf4_quant(x, block=64):
    up = torch.promote_types(x.dtype, torch.float32)
    flat = x.to(up).reshape(-1)
    n = flat.numel()
    rows = F.pad(flat, (0, -n % block)).reshape(-1, block)
    scale = rows.abs().amax(1)
    scale = torch.where(scale == 0, torch.ones_like(scale), scale)
    codes = (rows.float()[..., None] / scale.float()[:, None, None] - NF4).abs().argmin(-1)
    return codes.reshape(-1)[:n].reshape(x.shape).to(torch.uint8), scale
