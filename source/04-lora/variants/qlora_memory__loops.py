"""One loop over layers and matrices; no helper."""


def lora_params(shape, r, targets):
    total = 0
    width, E = shape["width"], shape["head_dim"]
    for _ in range(shape["layers"]):
        for name in targets:
            if name == "q" or name == "out":
                total += r * (shape["heads"] * E + width)
            elif name in ("k", "v"):
                total += r * (shape["kv_heads"] * E + width)
            else:
                total += r * (shape["hidden"] + width)
    return total


def qlora_memory(shape, r, targets, block=64, dq_block=256):
    width, E = shape["width"], shape["head_dim"]
    sizes = [width * E * shape["heads"]] * 2 + [width * E * shape["kv_heads"]] * 2 + [width * shape["hidden"]] * 3
    parts = {"weights": 0, "constants": 0, "other": 2 * width}
    for _ in range(shape["layers"]):
        parts["other"] += 4 * width
        for n in sizes:
            blocks = -(-n // block)
            parts["weights"] += n // 2 + n % 2
            parts["constants"] += 4 * blocks if dq_block is None else blocks + 4 * -(-blocks // dq_block)
    parts["other"] += 2 * shape["vocab"] * width
    if not shape["tied"]:
        parts["other"] += 2 * shape["vocab"] * width
    p = lora_params(shape, r, targets)
    parts["adapters"] = parts["gradients"] = 2 * p
    parts["optimizer"] = 8 * p
    return parts
