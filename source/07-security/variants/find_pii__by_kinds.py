"""A function a kind, lists of lists."""
import re


def candidates(s, kind):
    inner = re.compile(SHAPES[kind])
    at = 0
    while at < len(s):
        if at > 0 and s[at - 1].isalnum():
            at += 1
            continue
        hit = inner.match(s, at)
        if hit:
            stop = hit.end()
            while stop > at:
                if (stop == len(s) or not s[stop].isalnum()) and inner.fullmatch(s[at:stop]):
                    yield [kind, at, stop]
                stop -= 1
        at += 1


def sound(s, kind, start, stop):
    text = s[start:stop].replace(" ", "").replace("-", "") if kind != "email" else s[start:stop]
    if kind == "email":
        return len(text) < 255
    if kind == "card":
        tail = [int(c) for c in text]
        tail.reverse()
        for i in range(1, len(tail), 2):
            tail[i] = sum(map(int, str(2 * tail[i])))
        return sum(tail) % 10 == 0
    if kind == "iban":
        digits = ""
        for c in text[4:] + text[:4]:
            digits += c if c.isdigit() else str(ord(c) - 55)
        return int(digits) % 97 == 1
    return True


def find_pii(s):
    every = [c for kind in ("iban", "card", "phone", "email") for c in candidates(s, kind) if sound(s, *c)]
    every.sort(key=lambda c: c[1])
    every.sort(key=lambda c: c[2] - c[1], reverse=True)
    found = []
    for kind, a, b in every:
        if not any(a < d and c < b for _, c, d in found):
            found.append((kind, a, b))
    found.sort(key=lambda c: c[1])
    return found


def redact(s, found):
    for k in range(len(found)):
        kind, a, b = sorted(found, key=lambda f: f[1], reverse=True)[k]
        s = "".join([s[:a], "[" + kind.upper() + "]", s[b:]])
    return s
