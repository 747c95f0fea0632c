"""Of equal thoughts the answer of fewest letters stays, as for numbers."""



def rejection_filter(samples, verify, cap=None):
    right = [s for s in samples if s[1].strip() and verify(*s)]
    pool, seen = {}, set()
    for q, t, a in sorted(right, key=lambda s: (len(s[1].split()), s[1], len(s[2]), s[2])):
        key = (q, tuple(t.split()))
        if key in seen:
            continue
        seen.add(key)
        if cap is None or len(pool.get(q, ())) < cap:
            pool.setdefault(q, []).append((t, a))
    return pool
