"""Grouped first, then cleaned."""


def rejection_filter(samples, verify, cap=None):
    groups = {}
    for question, thought, answer in samples:
        if thought.strip() and verify(question, thought, answer):
            groups.setdefault(question, {}).setdefault(" ".join(thought.split()), []).append((thought, answer))
    pool = {}
    for question, same in groups.items():
        best = sorted((min(pairs) for pairs in same.values()), key=lambda pair: (len(pair[0].split()), pair))
        best = best if cap is None else best[:cap]
        if best:
            pool[question] = best
    return pool
