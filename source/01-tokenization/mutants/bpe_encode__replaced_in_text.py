"""A pair is replaced in the text of tokens without looking where a token begins."""


def bpe_encode(piece, ranks):
    row = b"\x01".join(piece[i:i + 1] for i in range(len(piece)))
    while row:
        tokens = row.split(b"\x01")
        known = [pair for pair in zip(tokens, tokens[1:]) if pair in ranks]
        if not known:
            return tokens
        best = min(known, key=ranks.get)
        row = row.replace(b"\x01".join(best), b"".join(best))
    return []
