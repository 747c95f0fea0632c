"""torch alone."""
import torch


def dequantize_q4_1(raw, rows, cols):
    if cols % 32 != 0 or len(raw) != 20 * rows * (cols // 32):
        raise ValueError("size")
    blocks = torch.frombuffer(bytearray(raw), dtype=torch.uint8).view(rows, cols // 32, 20)
    head = blocks[..., :4].contiguous().view(torch.float16).float()
    nibbles = blocks[..., 4:]
    levels = torch.cat([nibbles % 16, nibbles // 16], dim=-1).float()
    return (head[..., :1] * levels + head[..., 1:]).view(rows, cols)
