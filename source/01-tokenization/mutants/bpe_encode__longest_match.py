"""The longest known token from the left, again and again."""


def bpe_encode(piece, ranks):
    known = {a + b for a, b in ranks}
    tokens, start = [], 0
    while start < len(piece):
        end = next(e for e in range(len(piece), start, -1) if piece[start:e] in known or e == start + 1)
        tokens.append(piece[start:end])
        start = end
    return tokens
