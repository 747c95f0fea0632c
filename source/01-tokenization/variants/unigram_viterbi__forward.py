"""Pushes from each place to the places that a piece reaches; a tuple of pieces in each."""


def unigram_viterbi(s, logp, unk_logp):
    longest = max(map(len, logp), default=1)
    state = [None] * (len(s) + 1)
    state[0] = (0.0, 0, None)
    for i in range(len(s)):
        for j in range(i + 1, min(len(s), i + longest) + 1):
            w = s[i:j]
            if w not in logp and j > i + 1:
                continue
            new = (state[i][0] + (logp[w] if w in logp else unk_logp), state[i][1] - 1, (w, state[i][2]))
            if state[j] is None or new[:2] > state[j][:2]:
                state[j] = new
    pieces, node = [], state[-1][2]
    while node:
        pieces.append(node[0])
        node = node[1]
    return pieces[::-1], state[-1][0]
