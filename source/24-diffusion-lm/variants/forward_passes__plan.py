"""Simulates the commits by num_transfer."""
import torch


def forward_passes(prompt, gen, method, steps=1, block=None, guided=False):
    if method not in ("ar", "full", "prefix", "dual"):
        raise ValueError(method)
    if method == "ar":
        out = [prompt]
        out.extend(1 for _ in range(1, gen))
    else:
        if block is None:
            block = gen
        blocks, rest = divmod(gen, block)
        if rest:
            raise ValueError("gen")
        each, rest = divmod(steps, blocks)
        if rest:
            raise ValueError("steps")
        out = []
        for b in range(blocks):
            todo = num_transfer(torch.tensor([block]), each)[0].tolist()
            for s, n in enumerate(todo):
                if n == 0:
                    continue
                out.append(prompt + gen if s == 0 or method == "full" else block if method == "dual" else gen - b * block)
    return [2 * n for n in out] if guided else out
