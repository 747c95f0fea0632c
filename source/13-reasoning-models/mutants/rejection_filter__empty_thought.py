"""Thoughts of white space are kept."""


def rejection_filter(samples: list[tuple[str, str, str]], verify, cap: int | None = None):
    pool = {}
    seen = set()
    for question, thought, answer in sorted(samples, key=lambda s: (len(s[1].split()), s[1], s[2])):
        key = question, tuple(thought.split())
        if key in seen or not verify(question, thought, answer):
            continue
        seen.add(key)
        rows = pool.setdefault(question, [])
        if cap is None or len(rows) < cap:
            rows.append((thought, answer))
    return {question: rows for question, rows in pool.items() if rows}
