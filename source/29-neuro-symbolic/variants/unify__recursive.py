"""Recursive, with a triangular substitution that is resolved at the end."""


def unify(a, b, subst=None):
    def is_var(t):
        return isinstance(t, str) and t[:1] == "?"

    def step(x, y, s):
        while is_var(x) and x in s:
            x = s[x]
        while is_var(y) and y in s:
            y = s[y]
        if is_var(x):
            return s if is_var(y) and x == y else bind(x, y, s)
        if is_var(y):
            return bind(y, x, s)
        if isinstance(x, tuple) != isinstance(y, tuple):
            return None
        if not isinstance(x, tuple):
            return s if type(x) is type(y) and x == y else None
        if len(x) != len(y):
            return None
        for p, q in zip(x, y):
            s = step(p, q, s)
            if s is None:
                return None
        return s

    def full(t, s):
        while is_var(t) and t in s:
            t = s[t]
        if isinstance(t, tuple):
            return tuple([full(x, s) for x in t])
        return t

    def names(t):
        return {t} if is_var(t) else set().union(*map(names, t)) if isinstance(t, tuple) else set()

    def bind(v, t, s):
        if v in names(full(t, s)):
            return None
        s = dict(s)
        s[v] = t
        return s

    s = step(a, b, dict(subst) if subst else {})
    return None if s is None else {k: full(k, s) for k in s}
