"""White space at the ends of the corpus is not counted."""
import re
from collections import Counter


class Tokenizer:
    def __init__(self, corpus, num_merges, special=()):
        merges = train_bpe(Counter(SPLIT.findall(corpus.strip())), num_merges)
        self.ranks = {p: i for i, p in enumerate(merges)}
        self.tokens = [bytes([i]) for i in range(256)] + [a + b for a, b in merges]
        self.number = {t: i for i, t in enumerate(self.tokens)}
        self.special = {s.encode(): len(self.tokens) + i for i, s in enumerate(special)}
        self.tokens += list(self.special)
        ordered = sorted(self.special, key=len, reverse=True)
        self.cut = re.compile(b"(" + b"|".join(map(re.escape, ordered)) + b")") if ordered else None

    def encode(self, text, special=False):
        raw = text.encode() if isinstance(text, str) else text
        parts = self.cut.split(raw) if special and self.cut else [raw]
        out = []
        for k, part in enumerate(parts):
            if k % 2:
                out.append(self.special[part])
            else:
                for piece in SPLIT.findall(part):
                    out += [self.number[t] for t in bpe_encode(piece, self.ranks)]
        return out

    def decode(self, ids):
        for i in ids:
            if not 0 <= i < len(self.tokens):
                raise ValueError("no such id")
        return b"".join(self.tokens[i] for i in ids)
