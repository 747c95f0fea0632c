"""mode 'channel' shares a scale along columns."""
import torch


def quant_sym(x, bits, mode="tensor", g=None):
    turned = x.T if mode == "channel" else x
    sharing = {"tensor": (1, -1), "channel": turned.shape, "group": (-1, g)}[mode]
    rows, top = turned.float().reshape(sharing), 2 ** (bits - 1) - 1
    scale = rows.abs().amax(1, keepdim=True) / top
    scale = torch.where(scale == 0, 1, scale)
    q = (rows / scale).round().clamp(-top - 1, top).to(torch.int8).reshape(turned.shape)
    q = q.T if mode == "channel" else q
    return q, scale.reshape({"tensor": (), "channel": (-1,), "group": (x.shape[0], -1)}[mode])
