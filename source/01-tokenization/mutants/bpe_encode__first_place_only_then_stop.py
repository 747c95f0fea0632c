"""Of a pair only the first place is joined, and that pair never again."""


def bpe_encode(piece, ranks):
    tokens = [piece[i:i + 1] for i in range(len(piece))]
    done = set()
    while True:
        known = [pair for pair in zip(tokens, tokens[1:]) if pair in ranks and pair not in done]
        if not known:
            return tokens
        best = min(known, key=ranks.get)
        new, i = [], 0
        while i < len(tokens):
            if tuple(tokens[i:i + 2]) == best:
                new += [best[0] + best[1], *tokens[i + 2:]]
                i = len(tokens)
            else:
                new.append(tokens[i])
                i += 1
        tokens = new
        done.add(best)
