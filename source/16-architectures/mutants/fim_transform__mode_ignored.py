"""Always PSM."""


def fim_transform(tokens, a, b, mode, marks):
    pre, suf, mid = marks
    if not 0 <= a <= b <= len(tokens) or mode not in ("PSM", "SPM") or set(marks) & set(tokens):
        raise ValueError("a gap outside the text, an unknown mode, or a mark inside the text")
    prefix, middle, suffix = tokens[:a], tokens[a:b], tokens[b:]
    if mode:
        return [pre, *prefix, suf, *suffix, mid, *middle]
    return [pre, suf, *suffix, mid, *prefix, *middle]
