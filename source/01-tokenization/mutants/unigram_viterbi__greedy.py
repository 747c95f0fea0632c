"""The longest known piece from the left."""


def unigram_viterbi(s, logp, unk_logp):
    pieces, score, at = [], 0.0, 0
    while at < len(s):
        end = next(e for e in range(len(s), at, -1) if s[at:e] in logp or e == at + 1)
        pieces.append(s[at:end])
        score += logp.get(s[at:end], unk_logp)
        at = end
    return pieces, score
