"""A cost of 0.001 for each piece settles ties; the score is summed anew."""

def unigram_viterbi(s, logp, unk_logp):
    longest = max(map(len, logp), default=1)
    best = [(0.0, 0, None)]
    for end in range(1, len(s) + 1):
        found = []
        for start in range(max(0, end - max(longest, 1)), end):
            piece = s[start:end]
            if piece in logp or end - start == 1:
                score, n, _ = best[start]
                found.append((score + logp.get(piece, unk_logp) - 1e-3, n - 1, start))
        best.append(max(found))
    pieces, end = [], len(s)
    while end:
        start = best[end][2]
        pieces.append(s[start:end])
        end = start
    return pieces[::-1], sum((logp.get(p, unk_logp) for p in pieces), 0.0)
