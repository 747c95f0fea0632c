"""Bytes are rounded up with a float."""
import math


def model_bytes(cfg, bits, group=None, keep_embeddings=True, nm=None):
    w, e = cfg["width"], cfg["head_dim"]
    q, kv, hid = cfg["heads"] * e, cfg["kv_heads"] * e, cfg["hidden"]

    def matrix(out, n_in, nm):
        row, index = n_in, 0
        if nm is not None:
            n, m = nm
            row = n_in // m * n + min(n, n_in % m)
            index = -(-out * row * (m - 1).bit_length() // 8)
        if bits == 16:
            return 2 * out * row + index
        scales = out if group is None else out * -(-n_in // group)
        return math.ceil(out * row * bits / 8) + index + 2 * scales

    block = sum(matrix(*s, nm) for s in [(q, w), (kv, w), (kv, w), (w, q), (hid, w), (hid, w), (w, hid)])
    ends = 1 if cfg["tied"] else 2
    end = 2 * cfg["vocab"] * w if keep_embeddings else matrix(cfg["vocab"], w, None)
    return cfg["layers"] * (block + 4 * w) + 2 * w + ends * end
