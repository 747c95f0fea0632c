"""verify is asked once for each answer of a question."""


def rejection_filter(samples: list[tuple[str, str, str]], verify, cap: int | None = None):
    pool = {}
    seen, known = set(), {}
    for question, thought, answer in sorted(samples, key=lambda s: (len(s[1].split()), s[1], s[2])):
        key = question, tuple(thought.split())
        if not key[1] or key in seen or not known.setdefault((question, answer), verify(question, thought, answer)):
            continue
        seen.add(key)
        rows = pool.setdefault(question, [])
        if cap is None or len(rows) < cap:
            rows.append((thought, answer))
    return {question: rows for question, rows in pool.items() if rows}
