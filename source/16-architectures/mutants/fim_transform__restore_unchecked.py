"""Nothing is checked."""


def fim_restore(ids, marks):
    pre, suf, mid = marks
    if pre not in ids or suf not in ids or mid not in ids:
        raise ValueError
    s, m = ids.index(suf), ids.index(mid)
    return ids[1:s] + ids[m + 1:] + ids[s + 1:m]  # between pre and suf nothing stands in SPM
