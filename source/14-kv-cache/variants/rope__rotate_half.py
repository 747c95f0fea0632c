"""x cos + rotate(x) sin, with doubled tables, as in Hugging Face's code, but in float32."""
import torch


def rope(x, pos, base=10000.0, layout="half"):
    dtype, x = x.dtype, x.float() if x.dtype.itemsize < 4 else x
    inv_freq = 1.0 / (base ** (torch.arange(0, x.shape[-1], 2).float() / x.shape[-1]))
    freqs = torch.outer(pos.float(), inv_freq)
    if layout == "half":
        cos, sin = torch.cat([freqs, freqs], -1).cos(), torch.cat([freqs, freqs], -1).sin()
        x1, x2 = x[..., : x.shape[-1] // 2], x[..., x.shape[-1] // 2:]
        rotated = torch.cat((-x2, x1), dim=-1)
    else:
        cos, sin = freqs.repeat_interleave(2, -1).cos(), freqs.repeat_interleave(2, -1).sin()
        rotated = torch.stack((-x[..., 1::2], x[..., ::2]), dim=-1).flatten(-2)
    cos, sin = cos.to(x.dtype), sin.to(x.dtype)
    return (x * cos + rotated * sin).to(dtype)
