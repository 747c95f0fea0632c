"""Questions are stripped on the way into the pool."""


def rejection_filter(samples: list[tuple[str, str, str]], verify, cap: int | None = None):
    pool = {}
    seen = set()
    for question, thought, answer in sorted(samples, key=lambda s: (len(s[1].split()), s[1], s[2])):
        key = question.strip(), tuple(thought.split())
        if not key[1] or key in seen or not verify(question, thought, answer):
            continue
        seen.add(key)
        rows = pool.setdefault(question.strip(), [])
        if cap is None or len(rows) < cap:
            rows.append((thought, answer))
    return {question: rows for question, rows in pool.items() if rows}
