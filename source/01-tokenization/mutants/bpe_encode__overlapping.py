"""In a run the middle token is used twice."""


def bpe_encode(piece, ranks):
    tokens = [piece[i:i + 1] for i in range(len(piece))]
    while True:
        known = [pair for pair in zip(tokens, tokens[1:]) if pair in ranks]
        if not known:
            return tokens
        best = min(known, key=ranks.get)
        new, i = [], 0
        while i < len(tokens):
            if tuple(tokens[i:i + 2]) == best:
                new.append(best[0] + best[1])
                i += 2 if tuple(tokens[i + 1:i + 3]) != best else 1
            else:
                new.append(tokens[i])
                i += 1
        tokens = new
