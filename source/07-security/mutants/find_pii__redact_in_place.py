"""Sorts the finds in place."""
import re


def find_pii(s: str) -> list[Span]:
    found = []
    for kind, shape in SHAPES.items():
        pattern = re.compile(shape)
        for i in range(len(s)):
            if i and s[i - 1].isalnum():
                continue
            m = pattern.match(s, i)
            if not m:
                continue
            for j in range(min(m.end(), i + 254), i + 5, -1):
                if j < len(s) and s[j].isalnum():
                    continue
                if not pattern.fullmatch(s, i, j):
                    continue
                if passes(kind, s[i:j]):
                    found.append((kind, i, j))
    found.sort(key=lambda f: (f[1] - f[2], f[1]))
    taken, out = bytearray(len(s)), []
    for kind, i, j in found:
        if not any(taken[i:j]):
            taken[i:j] = b"\x01" * (j - i)
            out.append((kind, i, j))
    return sorted(out, key=lambda f: f[1])


def passes(kind, text):
    if kind == "card":
        digits = [int(c) for c in text if c not in " -"][::-1]
        return (sum(digits[::2]) + sum(2 * d - 9 * (d > 4) for d in digits[1::2])) % 10 == 0
    if kind == "iban":
        flat = text.replace(" ", "")
        return int("".join(str(int(c, 36)) for c in flat[4:] + flat[:4])) % 97 == 1
    return True


def redact(s: str, found: Sequence[Span]) -> str:
    out, at = [], 0
    for kind, i, j in (found.sort(key=lambda f: f[1]) or found):
        out += [s[at:i], f"[{kind.upper()}]"]
        at = j
    return "".join(out) + s[at:]
