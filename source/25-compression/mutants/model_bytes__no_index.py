"""Indices take no room."""


def model_bytes(cfg: dict, bits: int, group: int | None = None, keep_embeddings: bool = True,
                nm: tuple[int, int] | None = None) -> int:
    def matrix(out, n_in, nm):
        stored, index = out * n_in, 0
        if nm is not None:
            n, m = nm
            stored = out * (n_in // m * n + min(n, n_in % m))
            index = 0
        scales = 0 if bits == 16 else 2 * out * -(-n_in // (group or n_in))
        return -(-stored * bits // 8) + index + scales

    D, q, kv, hidden = cfg["width"], cfg["heads"] * cfg["head_dim"], cfg["kv_heads"] * cfg["head_dim"], cfg["hidden"]
    shapes = [(q, D), (kv, D), (kv, D), (D, q), (hidden, D), (hidden, D), (D, hidden)]
    ends = 1 if cfg["tied"] else 2
    embedding = 2 * cfg["vocab"] * D if keep_embeddings else matrix(cfg["vocab"], D, None)
    return cfg["layers"] * sum(matrix(*s, nm) for s in shapes) + ends * embedding + 2 * D * (2 * cfg["layers"] + 1)
