"""Fewer pieces are preferred by the last piece's length alone."""


def unigram_viterbi(s, logp, unk_logp):
    longest = max([len(p) for p in logp] + [1])
    best, back = [0.0], [0]
    for end in range(1, len(s) + 1):
        top = None
        for start in range(end - 1, max(0, end - longest) - 1, -1):
            piece = s[start:end]
            if piece in logp or end - start == 1:
                score = best[start] + logp.get(piece, unk_logp)
                if top is None or score > top[0]:
                    top = score, start
        best.append(top[0])
        back.append(top[1])
    pieces, at = [], len(s)
    while at:
        pieces.append(s[back[at]:at])
        at = back[at]
    return pieces[::-1], best[-1]
