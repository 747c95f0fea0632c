"""One nested call for every merge: long runs end in an error."""


def bpe_encode(piece, ranks, tokens=None):
    tokens = [piece[i:i + 1] for i in range(len(piece))] if tokens is None else tokens
    known = [(ranks[p], i) for i, p in enumerate(zip(tokens, tokens[1:])) if p in ranks]
    if not known:
        return tokens
    i = min(known)[1]
    return bpe_encode(piece, ranks, [*tokens[:i], tokens[i] + tokens[i + 1], *tokens[i + 2:]])
