"""The bits of an index by a float's logarithm."""

import math


def model_bytes(cfg, bits, group=None, keep_embeddings=True, nm=None):
    def matrix(out, n, sparse):
        stored = n
        index = 0
        if sparse is not None:
            keep, m = sparse
            stored = n // m * keep + min(keep, n % m)
            index = -(-out * stored * math.ceil(math.log2(m)) // 8)
        if bits == 16:
            return 2 * out * stored + index
        runs = 1 if group is None else -(-n // group)
        return -(-out * stored * bits // 8) + 2 * out * runs + index

    w, h = cfg["width"], cfg["hidden"]
    q, kv = cfg["heads"] * cfg["head_dim"], cfg["kv_heads"] * cfg["head_dim"]
    block = sum(matrix(a, b, nm) for a, b in [(q, w), (kv, w), (kv, w), (w, q), (h, w), (h, w), (w, h)])
    ends = 2 * cfg["vocab"] * w if keep_embeddings else matrix(cfg["vocab"], w, None)
    return cfg["layers"] * (block + 4 * w) + 2 * w + ends * (1 if cfg["tied"] else 2)
