"""Of equal sums the one with more pieces."""


def unigram_viterbi(s, logp, unk_logp):
    longest = max([len(p) for p in logp] + [1])
    best, back = [(0.0, 0)], [0]
    for end in range(1, len(s) + 1):
        top = None
        for start in range(max(0, end - longest), end):
            piece = s[start:end]
            if piece in logp:
                p = logp[piece]
            elif len(piece) == 1:
                p = unk_logp
            else:
                continue
            key = best[start][0] + p, best[start][1] + 1
            if top is None or key > top[0]:
                top = key, start
        best.append(top[0])
        back.append(top[1])
    pieces, at = [], len(s)
    while at > 0:
        pieces.append(s[back[at]:at])
        at = back[at]
    pieces.reverse()
    return pieces, best[-1][0]
