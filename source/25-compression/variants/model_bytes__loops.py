"""Loops over layers and over groups of neighbours."""


def model_bytes(cfg, bits, group=None, keep_embeddings=True, nm=None):
    d, hd = cfg["width"], cfg["head_dim"]
    up = lambda a, b: (a + b - 1) // b

    def cost(rows, cols, sparse):
        stored = cols
        extra = 0
        if sparse:
            n, m = sparse
            stored = sum(min(n, len(range(i, min(i + m, cols)))) for i in range(0, cols, m))
            width = 0
            while 2 ** width < m:
                width += 1
            extra = up(rows * stored * width, 8)
        total = extra + up(rows * stored * bits, 8)
        if bits < 16:
            total += 2 * rows * (1 if group is None else up(cols, group))
        return total

    total = 2 * d
    for _ in range(cfg["layers"]):
        total += 4 * d
        total += cost(cfg["heads"] * hd, d, nm) + 2 * cost(cfg["kv_heads"] * hd, d, nm) + cost(d, cfg["heads"] * hd, nm)
        total += 2 * cost(cfg["hidden"], d, nm) + cost(d, cfg["hidden"], nm)
    for _ in range(2 - bool(cfg["tied"])):
        total += 2 * d * cfg["vocab"] if keep_embeddings else cost(cfg["vocab"], d, None)
    return total
