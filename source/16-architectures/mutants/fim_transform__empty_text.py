"""An empty text stays empty, without marks."""

def fim_transform(tokens, a, b, mode, marks):
    if not 0 <= a <= b <= len(tokens) or mode not in ("PSM", "SPM") or set(tokens) & set(marks):
        raise ValueError
    if not tokens:
        return []
    pre, suf, mid = marks
    p, m, s = list(tokens[:a]), list(tokens[a:b]), list(tokens[b:])
    if mode == "PSM":
        return [pre, *p, suf, *s, mid, *m]
    return [pre, suf, *s, mid, *p, *m]


def fim_restore(ids, marks):
    pre, suf, mid = marks
    if any(ids.count(x) != 1 for x in marks) or ids[0] != pre or ids.index(suf) > ids.index(mid):
        raise ValueError
    s, m = ids.index(suf), ids.index(mid)
    return ids[1:s] + ids[m + 1:] + ids[s + 1:m]
