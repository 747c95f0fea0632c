"""A text is normalised (NFC) before it is encoded."""
import re
import unicodedata
from collections import Counter


class Tokenizer:
    def __init__(self, corpus, num_merges, special=()):
        self.learned = train_bpe(dict(Counter(SPLIT.findall(corpus))), num_merges)
        self.names = [s.encode() for s in special]
        self.all = [bytes([i]) for i in range(256)] + [x + y for x, y in self.learned] + self.names
        self.n = 256 + len(self.learned)
        self.cache = {}

    def encode(self, text, special=False):
        data = unicodedata.normalize("NFC", text).encode() if isinstance(text, str) else bytes(text)
        parts = [data]
        if special and self.names:
            by_length = sorted(self.names, key=lambda s: -len(s))
            parts = re.split(b"(" + b"|".join(re.escape(s) for s in by_length) + b")", data)
        ids = []
        for i, part in enumerate(parts):
            if i % 2:
                ids.append(self.n + self.names.index(part))
                continue
            for piece in SPLIT.findall(part):
                if piece not in self.cache:
                    ranks = {pair: r for r, pair in enumerate(self.learned)}
                    self.cache[piece] = [self.all.index(t) for t in bpe_encode(piece, ranks)]
                ids += self.cache[piece]
        return ids

    def decode(self, ids):
        out = bytearray()
        for i in ids:
            if i < 0 or i >= len(self.all):
                raise ValueError(i)
            out += self.all[i]
        return bytes(out)
