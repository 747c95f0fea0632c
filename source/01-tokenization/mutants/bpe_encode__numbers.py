"""Single bytes come back as numbers."""


def bpe_encode(piece, ranks):
    tokens = [piece[i:i + 1] for i in range(len(piece))]
    while True:
        known = [pair for pair in zip(tokens, tokens[1:]) if pair in ranks]
        if not known:
            return [t[0] if len(t) == 1 else t for t in tokens]
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
