"""With numpy integers turned into int at the end."""
import numpy as np


def lora_params(shape, r, targets):
    D, E = shape["width"], shape["head_dim"]
    ends = {"q": shape["heads"] * E, "k": shape["kv_heads"] * E, "v": shape["kv_heads"] * E, "out": shape["heads"] * E}
    return int(sum(shape["layers"] * r * (D + ends.get(t, shape["hidden"])) for t in targets))


def qlora_memory(shape, r, targets, block=64, dq_block=256):
    L, D, E = shape["layers"], shape["width"], shape["head_dim"]
    n = D * np.array([shape["heads"] * E, shape["kv_heads"] * E, shape["kv_heads"] * E, shape["heads"] * E] + [shape["hidden"]] * 3, dtype=np.int64)
    b = (n + block - 1) // block
    constants = 4 * b if dq_block is None else b + 4 * ((b + dq_block - 1) // dq_block)
    p, heads = lora_params(shape, r, targets), 1 if shape["tied"] else 2
    return {"optimizer": 8 * p, "gradients": 2 * p, "adapters": 2 * p, "weights": int(L * ((n + 1) // 2).sum()), "constants": int(L * constants.sum()),
            "other": 2 * (heads * shape["vocab"] * D + (2 * L + 1) * D)}
