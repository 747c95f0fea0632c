"""Bits first, bytes at the end of each matrix."""


def model_bytes(cfg, bits, group=None, keep_embeddings=True, nm=None):
    def matrix(out, n_in, sparse=None):
        n, m = sparse or (1, 1)
        full, rest = divmod(n_in, m)
        values = out * (full * n + min(rest, n))
        total = (values * bits + 7) // 8
        if sparse:
            total += (values * len(bin(m - 1)[2:] if m > 1 else "") + 7) // 8
        if bits != 16:
            total += 2 * out * ((n_in + group - 1) // group if group else 1)
        return total

    width, total = cfg["width"], 2 * cfg["width"]
    heads, kv = cfg["heads"] * cfg["head_dim"], cfg["kv_heads"] * cfg["head_dim"]
    one = 4 * width
    for out, n_in in ((heads, width), (kv, width), (kv, width), (width, heads), (cfg["hidden"], width), (cfg["hidden"], width),
                      (width, cfg["hidden"])):
        one += matrix(out, n_in, nm)
    embedding = cfg["vocab"] * width * 2 if keep_embeddings else matrix(cfg["vocab"], width)
    return total + cfg["layers"] * one + embedding * (1 if cfg["tied"] else 2)
