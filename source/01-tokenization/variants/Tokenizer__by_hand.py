"""Special tokens looked for place by place, without a regular expression."""


class Tokenizer:
    def __init__(self, corpus, num_merges, special=()):
        counts = {}
        for piece in SPLIT.findall(corpus):
            counts[piece] = counts.get(piece, 0) + 1
        merges = train_bpe(counts, num_merges)
        self.ranks = dict(zip(merges, range(len(merges))))
        self.number = {a + b: 256 + i for i, (a, b) in enumerate(merges)}
        self.bytes_of = {i: t for t, i in self.number.items()} | {i: bytes([i]) for i in range(256)}
        self.special = []
        for name in special:
            self.special.append((name.encode("utf-8"), len(self.bytes_of)))
            self.bytes_of[len(self.bytes_of)] = name.encode("utf-8")

    def _text(self, data):
        for m in SPLIT.finditer(data):
            for t in bpe_encode(m.group(), self.ranks):
                yield t[0] if len(t) == 1 else self.number[t]

    def encode(self, text, special=False):
        data = text if isinstance(text, bytes) else text.encode()
        ids, start, at = [], 0, 0
        while special and at < len(data):
            here = [(len(name), i) for name, i in self.special if data.startswith(name, at)]
            if here:
                n, i = max(here)
                ids += [*self._text(data[start:at]), i]
                start = at = at + n
            else:
                at += 1
        return ids + list(self._text(data[start:]))

    def decode(self, ids):
        try:
            return b"".join([self.bytes_of[i] for i in ids])
        except KeyError as missing:
            raise ValueError(f"no id {missing}") from None
