"""Ties are settled at the end of the text alone."""

def unigram_viterbi(s, logp, unk_logp):
    longest = max(map(len, logp), default=1)
    best = [(0.0, 0, 0)]
    for i in range(1, len(s) + 1):
        top = None
        for j in range(i - 1, max(-1, i - max(1, longest) - 1), -1):
            piece = s[j:i]
            if piece in logp:
                v = logp[piece]
            elif i - j == 1:
                v = unk_logp
            else:
                continue
            cand = (best[j][0] + v, best[j][1] - 1, j)
            if top is None or cand[0] > top[0] or i == len(s) and cand[:2] > top[:2]:
                top = cand
        best.append(top)
    out, i = [], len(s)
    while i:
        j = best[i][2]
        out.append(s[j:i])
        i = j
    return out[::-1], best[-1][0]
