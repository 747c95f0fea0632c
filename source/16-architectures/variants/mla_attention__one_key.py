"""timed: one key/value head of C + R numbers, PyTorch's attention over it."""
import torch


def mla_attention(q, c, k_rope, w_uk, w_uv):
    wide = q.dtype if q.dtype == torch.float64 else torch.float32
    dtype, N = q.dtype, w_uk.shape[1]
    q, c, k_rope, w_uk, w_uv = (a.to(wide) for a in (q, c, k_rope, w_uk, w_uv))
    query = torch.cat([torch.bmm(q[:, None, :N], w_uk)[:, 0], q[:, N:]], 1)
    keys = torch.cat([c, k_rope], 1)
    weights = torch.softmax(query @ keys.T * q.shape[1] ** -0.5, dim=1)
    return torch.bmm(w_uv, (weights @ c)[:, :, None])[..., 0].to(dtype)
