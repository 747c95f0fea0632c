"""Shares out the steps of AR, too."""


def forward_passes(prompt, gen, method, steps=1, block=None, guided=False):
    f = 2 if guided else 1
    if method == "ar" and block is not None and steps % (gen // block):
        raise ValueError
    if method == "ar":
        return [f * k for k in [prompt] + [1] * (gen - 1)]
    if method not in ("full", "prefix", "dual"):
        raise ValueError(method)
    block = gen if block is None else block
    if gen % block:
        raise ValueError("block")
    nb = gen // block
    if steps % nb:
        raise ValueError("steps")
    per = min(steps // nb, block)
    out = []
    for b in range(nb):
        for s in range(per):
            if s == 0 or method == "full":
                k = prompt + gen
            elif method == "prefix":
                k = gen - b * block
            else:
                k = block
            out.append(f * k)
    return out
