"""A rank of 10^9 stands for 'not known'."""

def bpe_encode(piece, ranks):
    s = [bytes([b]) for b in piece]
    while len(s) > 1:
        r, i = min((ranks.get((s[i], s[i + 1]), 10**9), i) for i in range(len(s) - 1))
        if r == 10**9:
            break
        s[i:i + 2] = [s[i] + s[i + 1]]
    return s
