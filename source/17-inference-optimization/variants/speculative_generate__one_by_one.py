"""Tokens one by one into a list of new ids; calls counted apart."""
import torch


def speculative_generate(target, drafter, prompt, max_new, k, rand, end=None):
    new, calls = [], 0
    while len(new) < max_new:
        ask = min(k, max_new - len(new) - 1)
        draft, q = [], None
        if ask:
            draft, q = drafter(list(prompt) + new, ask)
        p = target([*prompt, *new, *draft])
        calls += 1
        m = len(draft)
        p = p[-(m + 1):]
        chances = [rand() for _ in range(m + 1)]
        if m == 0:
            q = torch.zeros(0, p.shape[1])
        tokens = speculative_verify(p, q, list(draft), chances[:m], chances[m])[0]
        for token in tokens:
            new.append(int(token))
            if end is not None and token == end:
                return new, calls
    return new, calls
