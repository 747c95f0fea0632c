"""One nested call a character: long texts end in an error."""
import functools


def unigram_viterbi(s, logp, unk_logp):
    longest = max([len(p) for p in logp] + [1])

    @functools.cache
    def best(start):
        if start == len(s):
            return 0.0, 0, ()
        ways = []
        for end in range(start + 1, min(len(s), start + longest) + 1):
            piece = s[start:end]
            if piece in logp or end == start + 1:
                score, n, rest = best(end)
                ways.append((score + logp.get(piece, unk_logp), n - 1, (piece, *rest)))
        return max(ways)

    score, _, pieces = best(0)
    return list(pieces), score
