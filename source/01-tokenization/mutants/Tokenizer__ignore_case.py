"""Special strings are found in any case."""

import re
from collections import Counter


class Tokenizer:
    def __init__(self, corpus, num_merges, special=()):
        merges = train_bpe(dict(Counter(SPLIT.findall(corpus))), num_merges)
        self.ranks = {p: i for i, p in enumerate(merges)}
        self.names = [bytes([i]) for i in range(256)] + [a + b for a, b in merges]
        self.number = {t: i for i, t in enumerate(self.names)}
        self.special = {}
        for s in special:
            self.special[s.encode()] = len(self.names)
            self.names.append(s.encode())
        longest = sorted(self.special, key=len, reverse=True)
        self.pattern = re.compile(b"|".join(map(re.escape, longest)), re.I) if longest else None

    def plain(self, data):
        return [self.number[t] for piece in SPLIT.findall(data) for t in bpe_encode(piece, self.ranks)]

    def encode(self, text, special=False):
        data = text.encode() if isinstance(text, str) else text
        if not special or self.pattern is None:
            return self.plain(data)
        ids, at = [], 0
        for m in self.pattern.finditer(data):
            ids += [*self.plain(data[at:m.start()]), self.special.get(m[0], next(iter(self.special.values())))]
            at = m.end()
        return ids + self.plain(data[at:])

    def decode(self, ids):
        if any(not 0 <= i < len(self.names) for i in ids):
            raise ValueError("no such id")
        return b"".join(self.names[i] for i in ids)
