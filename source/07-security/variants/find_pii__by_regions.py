"""Starts and ends in two loops inside regions that can hold a find, finds in a heap."""
import re


import heapq

LONGEST = {"email": 254, "phone": 30, "card": 37, "iban": 67}


def passes_luhn(text):
    total = 0
    for i, c in enumerate(c for c in text[::-1] if c.isdigit()):
        d = int(c) * (1 + i % 2)
        total += d - 9 if d > 9 else d
    return total % 10 == 0


def passes_97(text):
    rest = 0
    bare = text.replace(" ", "")
    for c in bare[4:] + bare[:4]:
        value = int(c, 36)
        rest = (rest * (100 if value > 9 else 10) + value) % 97
    return rest == 1


def find_pii(s):
    heap = []
    free = [i == 0 or not s[i - 1].isalnum() for i in range(len(s) + 1)]
    ends = [i == len(s) or not s[i].isalnum() for i in range(len(s) + 1)]
    for kind, shape in SHAPES.items():
        pattern = re.compile(shape)
        for start in range(len(s)):
            if not free[start]:
                continue
            longest = pattern.match(s, start)
            if not longest:
                continue
            for end in range(start + 1, longest.end() + 1):
                if not ends[end] or not pattern.fullmatch(s, start, end):
                    continue
                part = s[start:end]
                if len(part) > LONGEST[kind] or kind == "card" and not passes_luhn(part) or kind == "iban" and not passes_97(part):
                    continue
                heapq.heappush(heap, (-len(part), start, end, kind))
    taken, found = [False] * len(s), []
    while heap:
        _, start, end, kind = heapq.heappop(heap)
        if not any(taken[start:end]):
            taken[start:end] = [True] * (end - start)
            found.append((kind, start, end))
    return sorted(found, key=lambda one: one[1])


def redact(s, found):
    out, at = [], 0
    for kind, start, end in sorted(found, key=lambda one: (one[1], one[2])):
        out += [s[at:start], "[", kind.upper(), "]"]
        at = end
    return "".join(out) + s[at:]
