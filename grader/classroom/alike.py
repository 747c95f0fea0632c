"""Work that looks alike: pairs to be read side by side, never a verdict.

Per exercise, names and literals are masked and the tokens fingerprinted by winnowing (Schleimer, Wilkerson and Aiken 2003).
What the stub, the reference or many learners have says nothing and is taken away. Short functions prove nothing either.
"""

from __future__ import annotations

import ast
import io
import keyword
import tokenize
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

GRAM, WINDOW = 12, 6   # tokens of a fingerprint, fingerprints of which the least is kept
SHORTEST = 100         # tokens below which equal code proves nothing
COMMON = 0.2           # what this share of the class has is common knowledge
WORTH_READING = 0.6    # share of the smaller one's fingerprints; honest pairs lie at 0.07 in the median


@dataclass(frozen=True)
class Pair:
    """Two solutions of one exercise; share: of the smaller one's fingerprints that the other has too."""

    exercise: str
    one: str
    other: str
    share: float


def tokens(code: str) -> list[str]:
    """The code's tokens with names and literals masked, whatever its spaces and comments; empty for what is no Python."""
    try:
        plain = ast.unparse(ast.parse(code))
        read = [t for t in tokenize.generate_tokens(io.StringIO(plain).readline)]
    except (SyntaxError, ValueError, tokenize.TokenError, RecursionError):
        return []
    masked = {tokenize.NAME: "n", tokenize.NUMBER: "0", tokenize.STRING: "s"}
    skipped = (tokenize.NEWLINE, tokenize.NL, tokenize.ENDMARKER)
    return [t.string if t.type == tokenize.NAME and keyword.iskeyword(t.string) else masked.get(t.type, t.string)
            for t in read if t.type not in skipped]


def fingerprints(code: str) -> frozenset[int]:
    """The least hash of each window over hashes of GRAM tokens in a row."""
    read = tokens(code)
    hashes = [zlib.crc32(" ".join(read[i:i + GRAM]).encode()) for i in range(len(read) - GRAM + 1)]
    return frozenset(min(hashes[i:i + WINDOW]) for i in range(max(1, len(hashes) - WINDOW + 1)) if hashes)


def alike(exercise: str, codes: Mapping[str, str], known: Iterable[str] = ()) -> list[Pair]:
    """The pairs worth reading, the closest first.

    codes: student -> what was written for the exercise
    known: code that everybody was given or may find: the stub, the reference
    """
    long = {who: code for who, code in codes.items() if len(tokens(code)) >= SHORTEST}
    given = frozenset().union(*map(fingerprints, known))
    own = {who: fingerprints(code) - given for who, code in long.items()}
    spread = Counter(f for found in own.values() for f in found)
    many = max(2, COMMON * len(codes))
    own = {who: frozenset(f for f in found if spread[f] <= many) for who, found in own.items()}
    pairs = [Pair(exercise, a, b, len(own[a] & own[b]) / least) for a, b in combinations(sorted(own), 2)
             if (least := min(len(own[a]), len(own[b]))) >= WINDOW]
    return sorted((p for p in pairs if p.share >= WORTH_READING), key=lambda p: -p.share)
