"""The rank is noted in the dict that was passed in."""


def _shapes(s):
    q, kv = s["heads"] * s["head_dim"], s["kv_heads"] * s["head_dim"]
    d, h = s["width"], s["hidden"]
    return {"q": (q, d), "k": (kv, d), "v": (kv, d), "out": (d, q), "gate": (h, d), "up": (h, d), "down": (d, h)}


def lora_params(shape, r, targets):
    sizes = _shapes(shape)
    return shape["layers"] * sum(r * sum(sizes[t]) for t in targets)


def qlora_memory(shape, r, targets, block=64, dq_block=256):
    L = shape["layers"]
    shape.setdefault("rank", r)
    weights = constants = 0
    for o, i in _shapes(shape).values():
        n = o * i
        blocks = -(-n // block)
        weights += -(-n // 2)
        constants += 4 * blocks if dq_block is None else blocks + 4 * -(-blocks // dq_block)
    p = lora_params(shape, r, targets)
    heads = 1 if shape["tied"] else 2
    other = 2 * (heads * shape["vocab"] * shape["width"] + (2 * L + 1) * shape["width"])
    return dict(weights=L * weights, constants=L * constants, other=other, adapters=2 * p, gradients=2 * p, optimizer=8 * p)
