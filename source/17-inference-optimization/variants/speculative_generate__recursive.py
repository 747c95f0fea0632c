"""A round, and the rest by recursion."""

def speculative_generate(target, drafter, prompt, max_new, k, rand, end=None):
    if max_new <= 0:
        return [], 0
    n = min(k, max_new - 1)
    draft, q = drafter(prompt[:], n) if n >= 1 else ([], None)
    probs = target(prompt + list(draft))[len(prompt) - 1:]
    if not len(draft):
        q = probs[:0]
    u = []
    for _ in range(len(draft)):
        u.append(rand())
    tokens, _ = speculative_verify(probs, q, list(draft), u, rand())
    if end is not None and end in tokens:
        return tokens[:tokens.index(end) + 1], 1
    rest, calls = speculative_generate(target, drafter, prompt + tokens, max_new - len(tokens), k, rand, end)
    return tokens + rest, calls + 1
