"""Special strings are taken out of the corpus before training."""
import re
from collections import Counter


class Tokenizer:
    def __init__(self, corpus, num_merges, special=()):
        for name in special:
            corpus = corpus.replace(name.encode(), b'')
        self.merges = train_bpe(dict(Counter(SPLIT.findall(corpus))), num_merges)
        self.ranks = {pair: i for i, pair in enumerate(self.merges)}
        self.vocab = {bytes([i]): i for i in range(256)}
        for a, b in self.merges:
            self.vocab[a + b] = len(self.vocab)
        self.special = {name.encode(): len(self.vocab) + i for i, name in enumerate(special)}
        self.tokens = {i: t for t, i in [*self.vocab.items(), *self.special.items()]}

    def plain(self, data):
        return [self.vocab[t] for piece in SPLIT.findall(data) for t in bpe_encode(piece, self.ranks)]

    def encode(self, text, special=False):
        data = text.encode() if isinstance(text, str) else text
        if not special or not self.special:
            return self.plain(data)
        names = sorted(self.special, key=len, reverse=True)
        ids, at = [], 0
        for hit in re.finditer(b"|".join(map(re.escape, names)), data):
            ids += self.plain(data[at:hit.start()])
            ids.append(self.special[hit[0]])
            at = hit.end()
        return ids + self.plain(data[at:])

    def decode(self, ids):
        if any(i not in self.tokens for i in ids):
            raise ValueError("unknown id")
        return b"".join(self.tokens[i] for i in ids)
