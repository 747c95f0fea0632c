"""The position is rounded to the dtype of x."""
import torch


def decode_layer(x, pos, weights, cache, base=10000.0, window=None):
    k, v = cache
    E, at = k.shape[-1], torch.tensor([pos], dtype=x.dtype).long()
    q, new_k, new_v = ((weights[name] @ x).unflatten(0, (-1, 1, E)) for name in ("q", "k", "v"))
    q, new_k = (rope(heads[None], at, base, "interleaved")[0] for heads in (q, new_k))
    k, v = torch.cat([k, new_k], dim=1), torch.cat([v, new_v], dim=1)
    if window is not None:
        k, v = k[:, -window:], v[:, -window:]
    return weights["out"] @ attention_decode(q[:, 0], k, v).flatten(), (k, v)
