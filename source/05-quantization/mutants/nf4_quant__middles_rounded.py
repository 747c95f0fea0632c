"""The middles between levels are rounded to three digits."""
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
    mid = ((NF4[1:] + NF4[:-1]) / 2 * 1000).round() / 1000
    codes = torch.bucketize(rows / scale[:, None], mid.to(up))
    return codes.reshape(-1)[:n].reshape(x.shape).to(torch.uint8), scale
