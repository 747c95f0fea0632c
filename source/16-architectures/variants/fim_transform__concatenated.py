"""Lists added up, the mode in a dict; restoring by slices."""


def fim_transform(tokens, a, b, mode, marks):
    if a < 0 or b < a or len(tokens) < b:
        raise ValueError("bounds")
    for m in marks:
        if m in tokens:
            raise ValueError("mark in text")
    if mode not in {"PSM", "SPM"}:
        raise ValueError("mode")
    p, m, s = list(tokens[:a]), list(tokens[a:b]), list(tokens[b:])
    forms = {"PSM": [marks[0]] + p + [marks[1]] + s + [marks[2]] + m, "SPM": [marks[0], marks[1]] + s + [marks[2]] + p + m}
    return forms[mode]


def fim_restore(ids, marks):
    places = [[i for i, t in enumerate(ids) if t == m] for m in marks]
    if any(len(p) != 1 for p in places):
        raise ValueError("marks")
    (p,), (s,), (m,) = places
    if p != 0 or s > m:
        raise ValueError("order")
    return ids[p + 1:s] + ids[m + 1:] + ids[s + 1:m]
