"""A generator over the ends, the rest cut off step by step."""


def wordpiece_encode(word, vocab, unk="[UNK]", max_chars=100):
    if len(word) > max_chars:
        return [unk]
    pieces, rest, mark = [], word, ""
    while rest:
        n = next((n for n in range(len(rest), 0, -1) if mark + rest[:n] in vocab), 0)
        if n == 0:
            return [unk]
        pieces.append(mark + rest[:n])
        rest, mark = rest[n:], "##"
    return pieces
