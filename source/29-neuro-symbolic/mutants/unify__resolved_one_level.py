"""Values are resolved at their outermost entries alone."""


def unify(a, b, subst=None):
    def var(t):
        return isinstance(t, str) and t.startswith("?")

    def walk(t):
        while var(t) and t in s:
            t = s[t]
        return t

    def occurs(v, t):
        t = walk(t)
        return t == v or isinstance(t, tuple) and any(occurs(v, x) for x in t)

    s, todo = dict(subst or {}), [(a, b)]
    while todo:
        x, y = map(walk, todo.pop())
        if x == y:
            continue
        if var(x) or var(y):
            v, t = (x, y) if var(x) else (y, x)
            if occurs(v, t):
                return None
            s[v] = t
        elif isinstance(x, tuple) and isinstance(y, tuple) and len(x) == len(y):
            todo += zip(x, y)
        else:
            return None
    return {v: tuple(walk(x) for x in walk(t)) if isinstance(walk(t), tuple) else walk(t) for v, t in s.items()}
