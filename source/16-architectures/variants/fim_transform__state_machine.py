"""Restoring token by token, with a state that tells the piece; tuples of pieces."""


def fim_transform(tokens, a, b, mode, marks):
    pre, suf, mid = marks
    if mode != "PSM" and mode != "SPM" or a not in range(len(tokens) + 1) or b not in range(a, len(tokens) + 1):
        raise ValueError
    if any(t in marks for t in tokens):
        raise ValueError
    out = [pre] + (tokens[:a] if mode == "PSM" else [])
    out.append(suf)
    out.extend(tokens[b:])
    out.append(mid)
    out.extend(tokens[a:b] if mode == "PSM" else tokens[:b])
    return out


def fim_restore(ids, marks):
    pieces, seen = ([], [], [], []), 0
    for t in ids:
        if t in marks:
            if seen == 3 or t != marks[seen]:
                raise ValueError("wrong mark")
            seen += 1
        else:
            pieces[seen].append(t)
    if seen != 3 or pieces[0]:
        raise ValueError("incomplete")
    return pieces[1] + pieces[3] + pieces[2]
