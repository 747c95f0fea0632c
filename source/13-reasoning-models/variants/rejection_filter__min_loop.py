"""Takes the best one out, again and again."""


def rejection_filter(samples, verify, cap=None):
    right = {s for s in samples if s[1].split() and verify(*s)}
    pool = {}
    for question in {s[0] for s in right}:
        rest, chosen, words = sorted({(t, a) for q, t, a in right if q == question}), [], set()
        rest.sort(key=lambda p: len(p[0].split()))
        for t, a in rest:
            if cap is not None and len(chosen) >= cap:
                break
            if tuple(t.split()) not in words:
                words.add(tuple(t.split()))
                chosen.append((t, a))
        if chosen:
            pool[question] = chosen
    return pool
