"""Replacements from left to right, at the old places."""


def redact(s, found):
    for kind, start, end in sorted(found, key=lambda c: c[1]):
        s = s[:start] + f'[{kind.upper()}]' + s[end:]
    return s
