"""k = 0 is greedy."""

def speculative_generate(target, drafter, prompt, max_new, k, rand, end=None):
    ids = list(prompt)
    new, calls = [], 0
    while len(new) < max_new:
        n = min(k, max_new - len(new) - 1)
        draft, q = drafter(ids + new, n) if n > 0 else ([], None)
        draft = list(draft)
        p = target(ids + new + draft)
        calls += 1
        p = p[len(ids) + len(new) - 1:]
        if not draft:
            q = p[:0]
        u = [rand() for _ in draft]
        last = rand()
        tokens, _ = speculative_verify(p, q, draft, u, last)
        if k == 0:
            tokens = [int(p[0].argmax())]
        if end is not None and end in tokens:
            return new + tokens[:tokens.index(end) + 1], calls
        new = new + tokens
    return new, calls
