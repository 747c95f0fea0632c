"""Ties go to the earliest start, counts ignored."""

def unigram_viterbi(s, logp, unk_logp):
    longest = max(map(len, logp), default=1)
    best = [(0.0, 0, None)]
    for end in range(1, len(s) + 1):
        found = []
        for start in range(max(0, end - max(longest, 1)), end):
            piece = s[start:end]
            if piece in logp or end - start == 1:
                score, n, _ = best[start]
                found.append((score + logp.get(piece, unk_logp), -start, start))
        best.append(max(found))
    pieces, end = [], len(s)
    while end:
        start = best[end][2]
        pieces.append(s[start:end])
        end = start
    return pieces[::-1], best[len(s)][0]
