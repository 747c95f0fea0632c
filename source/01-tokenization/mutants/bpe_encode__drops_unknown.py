"""Bytes that no merge knows are dropped."""


def bpe_encode(piece, ranks):
    tokens = [piece[i:i + 1] for i in range(len(piece))]
    while True:
        known = [pair for pair in zip(tokens, tokens[1:]) if pair in ranks]
        if not known:
            alphabet = {t for pair in ranks for t in pair}
            return [t for t in tokens if t in alphabet or len(t) > 1]
        best = min(known, key=ranks.get)
        new, i = [], 0
        while i < len(tokens):
            if tuple(tokens[i:i + 2]) == best:
                new.append(best[0] + best[1])
                i += 2
            else:
                new.append(tokens[i])
                i += 1
        tokens = new
