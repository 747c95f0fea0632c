"""Candidates inside others stay."""
import re


def find_pii(s):

    def sound(kind, part):
        bare = re.sub('[ -]', '', part)
        if kind == 'card':
            digits = [int(d) for d in reversed(bare)]
            return (sum(digits[::2]) + sum((d * 2 - 9 * (d > 4) for d in digits[1::2]))) % 10 == 0
        if kind == 'iban':
            return int(''.join((str(int(c, 36)) for c in bare[4:] + bare[:4]))) % 97 == 1
        return kind == 'phone' or len(part) <= 254
    candidates = []
    for kind, shape in SHAPES.items():
        for first in re.finditer(f'(?<![^\\W_])(?=({shape}))', s):
            for end in range(first.end(1), first.start(), -1):
                part = s[first.start():end]
                if not s[end:end + 1].isalnum() and re.fullmatch(shape, part) and sound(kind, part):
                    candidates.append((kind, first.start(), end))
    found = []
    for one in sorted(candidates, key=lambda c: (c[1] - c[2], c[1])):
        if not any((start <= one[1] and one[2] <= end for _, start, end in found)):
            found.append(one)
    return sorted(found, key=lambda c: c[1])
