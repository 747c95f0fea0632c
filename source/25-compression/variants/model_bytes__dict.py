"""Part by part."""


def model_bytes(cfg, bits, group=None, keep_embeddings=True, nm=None):
    def up(a, b):
        return a // b + (a % b > 0)

    def dense(out, n):
        return up(out * n * bits, 8) + (0 if bits == 16 else 2 * out * (1 if group is None else up(n, group)))

    def sparse(out, n):
        if nm is None:
            return dense(out, n)
        keep, of = nm
        row = sum(min(keep, min(of, n - a)) for a in range(0, n, of))
        width = next(w for w in range(64) if 1 << w >= of)
        scales = dense(out, n) - up(out * n * bits, 8)
        return up(out * row * bits, 8) + up(out * row * width, 8) + scales

    D, E, L = cfg["width"], cfg["head_dim"], cfg["layers"]
    q, k = cfg["heads"] * E, cfg["kv_heads"] * E
    block = sparse(q, D) + 2 * sparse(k, D) + sparse(D, q) + 2 * sparse(cfg["hidden"], D) + sparse(D, cfg["hidden"]) + 4 * D
    ends = 2 * cfg["vocab"] * D if keep_embeddings else dense(cfg["vocab"], D)
    return L * block + 2 * D + ends * (1 + (not cfg["tied"]))
