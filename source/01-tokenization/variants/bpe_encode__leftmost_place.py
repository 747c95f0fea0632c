"""One place at a time: the leftmost of the lowest rank."""


def bpe_encode(piece, ranks):
    tokens = [bytes([b]) for b in piece]
    while True:
        found = min(((ranks[p], i) for i, p in enumerate(zip(tokens, tokens[1:])) if p in ranks), default=None)
        if found is None:
            return tokens
        i = found[1]
        tokens = tokens[:i] + [tokens[i] + tokens[i + 1]] + tokens[i + 2:]
