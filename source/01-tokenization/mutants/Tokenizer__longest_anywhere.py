"""Special tokens are looked for one after the other, the longest first, wherever they stand."""
from collections import Counter


class Tokenizer:
    def __init__(self, corpus, num_merges, special=()):
        merges = train_bpe(dict(Counter(SPLIT.findall(corpus))), num_merges)
        self.ranks = {pair: i for i, pair in enumerate(merges)}
        self.tokens = [bytes([i]) for i in range(256)] + [a + b for a, b in merges]
        self.names = [s.encode() for s in special]

    def encode(self, text, special=False):
        data = text.encode() if isinstance(text, str) else text
        parts = [data]
        if special:
            for name in sorted(self.names, key=len, reverse=True):
                cut = []
                for part in parts:
                    if isinstance(part, int):
                        cut.append(part)
                        continue
                    stretches = part.split(name)
                    for i, stretch in enumerate(stretches):
                        cut += [stretch] if i == 0 else [len(self.tokens) + self.names.index(name), stretch]
                parts = cut
        ids = []
        for part in parts:
            if isinstance(part, int):
                ids.append(part)
            else:
                ids += [self.tokens.index(t) for piece in SPLIT.findall(part) for t in bpe_encode(piece, self.ranks)]
        return ids

    def decode(self, ids):
        known = self.tokens + self.names
        if any(i < 0 or i >= len(known) for i in ids):
            raise ValueError("unknown id")
        return b"".join(known[i] for i in ids)
