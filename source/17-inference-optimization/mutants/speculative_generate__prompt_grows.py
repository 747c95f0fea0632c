"""The prompt itself grows."""

def speculative_generate(target, drafter, prompt, max_new, k, rand, end=None):
    ids, calls, prompt = prompt, 0, list(prompt)
    while (left := max_new - (len(ids) - len(prompt))) > 0:
        n = min(k, left - 1)
        draft, q = drafter(list(ids), n) if n > 0 else ([], None)
        draft = list(draft)
        rows = target(ids + draft)[len(ids) - 1:]  # the first row judges the first draft
        calls += 1
        u = [rand() for _ in draft]
        tokens, _ = speculative_verify(rows, rows[:0] if not draft else q, draft, u, rand())
        ids += tokens
        if end in tokens:
            ids = ids[:len(ids) - len(tokens) + tokens.index(end) + 1]
            break
    return ids[len(prompt):], calls
