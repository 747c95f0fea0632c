"""Only A is counted."""
import math


def lora_params(shape, r, targets):
    q, kv, hidden = shape["heads"] * shape["head_dim"], shape["kv_heads"] * shape["head_dim"], shape["hidden"]
    other_side = {"q": q, "k": kv, "v": kv, "out": q, "gate": hidden, "up": hidden, "down": hidden}  # one is the width
    return shape["layers"] * sum(r * other_side[name] for name in targets)


def qlora_memory(shape, r, targets, block=64, dq_block=256):
    L, D, trained = shape["layers"], shape["width"], lora_params(shape, r, targets)
    q, kv, hidden = shape["heads"] * shape["head_dim"], shape["kv_heads"] * shape["head_dim"], shape["hidden"]
    sizes = [D * side for side in (q, kv, kv, q, hidden, hidden, hidden)]
    blocks = [math.ceil(n / block) for n in sizes]
    constants = [4 * b if dq_block is None else b + 4 * math.ceil(b / dq_block) for b in blocks]
    other = shape["vocab"] * D * (1 if shape["tied"] else 2) + (2 * L + 1) * D
    return {"weights": L * sum((n + 1) // 2 for n in sizes), "constants": L * sum(constants), "other": 2 * other,
            "adapters": 2 * trained, "gradients": 2 * trained, "optimizer": 8 * trained}
