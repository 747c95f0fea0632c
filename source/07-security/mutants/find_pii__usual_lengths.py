"""Looks as far as the usual groups of four reach, not as far as the shapes."""

import re


SPAN = {"email": 254, "phone": 20, "card": 37, "iban": 42}


def luhn(text):
    total = 0
    for k, c in enumerate(reversed(re.sub("[ -]", "", text))):
        d = int(c) * (2 if k % 2 else 1)
        total += d - 9 if d > 9 else d
    return total % 10 == 0


def mod97(text):
    t = text.replace(" ", "")
    t = t[4:] + t[:4]
    return int("".join(str(int(c, 36)) for c in t)) % 97 == 1


def find_pii(s):
    n = len(s)
    edge = [True] + [not c.isalnum() for c in s] + [True]
    found = []
    for kind, shape in SHAPES.items():
        pattern = re.compile(shape)
        for i in range(n):
            if not edge[i] or not pattern.match(s, i):
                continue
            for end in range(min(n, i + SPAN[kind]), i, -1):
                if not edge[end + 1] or not pattern.fullmatch(s, i, end):
                    continue
                if kind == "card" and not luhn(s[i:end]) or kind == "iban" and not mod97(s[i:end]):
                    continue
                found.append((kind, i, end))
    found.sort(key=lambda f: (f[1] - f[2], f[1]))
    taken = []
    for f in found:
        if all(f[2] <= g[1] or g[2] <= f[1] for g in taken):
            taken.append(f)
    return sorted(taken, key=lambda f: f[1])


def redact(s, found):
    for kind, a, b in sorted(found, key=lambda f: -f[1]):
        s = s[:a] + f"[{kind.upper()}]" + s[b:]
    return s
