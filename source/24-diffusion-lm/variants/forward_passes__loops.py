"""Block by block."""


def forward_passes(prompt, gen, method, steps=1, block=None, guided=False):
    if method not in {"ar", "full", "prefix", "dual"}:
        raise ValueError(method)
    factor = 1 + bool(guided)
    if method == "ar":
        return [factor * prompt] + [factor for _ in range(1, gen)]
    block = block or gen
    blocks, rest = divmod(gen, block)
    if rest or blocks == 0 or steps % blocks:
        raise ValueError("uneven")
    passes = []
    for b in range(blocks):
        for i in range(min(steps // blocks, block)):
            if i == 0 or method == "full":
                n = prompt + gen
            elif method == "dual":
                n = block
            else:
                n = gen - b * block
            passes.append(factor * n)
    return passes


def roofline_seconds(passes, params, bandwidth, flops, batch=1, size=2):
    total = 0.0
    for n in passes:
        reading = params * size / bandwidth
        computing = 2 * params * n * batch / flops
        total += reading if reading > computing else computing
    return total
