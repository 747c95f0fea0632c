"""From the end of the text to its beginning."""


def unigram_viterbi(s, logp, unk_logp):
    n = len(s)
    best = {n: (0.0, 0, n)}
    for i in reversed(range(n)):
        ends = [j for j in range(i + 1, n + 1) if j == i + 1 or s[i:j] in logp]
        best[i] = max((logp.get(s[i:j], unk_logp) + best[j][0], best[j][1] - 1, j) for j in ends)
    out, i = [], 0
    while i < n:
        out.append(s[i:best[i][2]])
        i = best[i][2]
    return out, best[0][0]
