"""Equations, each binding put into all others at once; the right side is bound first."""


def unify(a, b, subst=None):
    def is_var(t):
        return isinstance(t, str) and t.startswith("?")

    def put(t, v, by):
        if isinstance(t, tuple):
            return tuple(put(x, v, by) for x in t)
        return by if isinstance(t, str) and t == v else t

    def inside(v, t):
        return t == v if not isinstance(t, tuple) else any(inside(v, x) for x in t)

    todo, done = [*(subst or {}).items(), (a, b)], {}
    while todo:
        x, y = todo.pop()
        for v, t in done.items():
            x, y = put(x, v, t), put(y, v, t)
        if x == y:
            continue
        if not is_var(y):
            x, y = y, x
        if is_var(y):
            if inside(y, x):
                return None
            done = {v: put(t, y, x) for v, t in done.items()}
            done[y] = x
        elif isinstance(x, tuple) and isinstance(y, tuple) and len(x) == len(y):
            todo.extend(reversed(list(zip(x, y))))
        else:
            return None
    return done
