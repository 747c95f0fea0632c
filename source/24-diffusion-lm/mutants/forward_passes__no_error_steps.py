"""Steps that cannot be shared out are cut off."""


def forward_passes(prompt: int, gen: int, method: str, steps: int = 1, block: int | None = None,
                   guided: bool = False) -> list[int]:
    if method == "ar":
        passes = [prompt] + [1] * (gen - 1)
    elif method in ("full", "prefix", "dual"):
        block = gen if block is None else block
        if gen % block:
            raise ValueError("gen must be a multiple of block, and steps of the number of blocks")
        passes = []
        for left in range(gen, 0, -block):
            others = {"full": prompt + gen, "prefix": left, "dual": block}[method]
            passes += [prompt + gen] + [others] * (min(steps // (gen // block), block) - 1)
    else:
        raise ValueError(f"unknown method {method!r}")
    return [n * (2 if guided else 1) for n in passes]


def roofline_seconds(passes: list[int], params: float, bandwidth: float, flops: float, batch: int = 1,
                     size: float = 2) -> float:
    return sum(max(params * size / bandwidth, 2 * params * n * batch / flops) for n in passes)
