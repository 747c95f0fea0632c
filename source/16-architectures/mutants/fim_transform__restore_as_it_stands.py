"""The pieces in the order in which they stand."""


def fim_restore(ids, marks):
    pre, suf, mid = marks
    if any(ids.count(m) != 1 for m in marks) or ids[0] != pre or ids.index(suf) > ids.index(mid):
        raise ValueError("each mark once, pre first, suf before mid")
    s, m = ids.index(suf), ids.index(mid)
    return ids[1:s] + ids[s + 1:m] + ids[m + 1:]  # between pre and suf nothing stands in SPM
