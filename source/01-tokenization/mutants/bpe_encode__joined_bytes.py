"""The joined bytes are looked up, not the pair."""


def bpe_encode(piece, ranks):
    by_bytes = {a + b: r for (a, b), r in ranks.items()}
    tokens = [piece[i:i + 1] for i in range(len(piece))]
    while True:
        known = [pair for pair in zip(tokens, tokens[1:]) if pair[0] + pair[1] in by_bytes]
        if not known:
            return tokens
        best = min(known, key=lambda p: by_bytes[p[0] + p[1]])
        new, i = [], 0
        while i < len(tokens):
            if tuple(tokens[i:i + 2]) == best:
                new.append(best[0] + best[1])
                i += 2
            else:
                new.append(tokens[i])
                i += 1
        tokens = new
