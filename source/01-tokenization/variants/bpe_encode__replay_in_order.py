"""Every merge in its order, once."""


def bpe_encode(piece, ranks):
    tokens = list(map(bytes, zip(piece)))
    for left, right in sorted(ranks, key=lambda p: ranks[p]):
        out = []
        for t in tokens:
            if out and out[-1] == left and t == right:
                out[-1] = left + right
            else:
                out.append(t)
        tokens = out
    return tokens
