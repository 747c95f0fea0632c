"""Scores start from -10^9 as if that were impossible."""

def unigram_viterbi(s, logp, unk_logp):
    n = len(s)
    key = [(0.0, 0)] + [(-1e9, 0)] * n
    back = [0] * (n + 1)
    m = max((len(p) for p in logp), default=1)
    for i in range(n):
        for j in range(i + 1, min(n, i + m) + 1):
            p = s[i:j]
            if p in logp:
                v = logp[p]
            elif j == i + 1:
                v = unk_logp
            else:
                continue
            k = (key[i][0] + v, key[i][1] - 1)
            if k > key[j]:
                key[j], back[j] = k, i
    out = []
    while n:
        out.insert(0, s[back[n]:n])
        n = back[n]
    return out, key[-1][0]
