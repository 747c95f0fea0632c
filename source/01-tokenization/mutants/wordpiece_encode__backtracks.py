"""It goes back to a shorter piece where the rest has none."""


def wordpiece_encode(word, vocab, unk="[UNK]", max_chars=100):
    def cut(rest, first):
        if not rest:
            return []
        for end in range(len(rest), 0, -1):
            piece = ("" if first else "##") + rest[:end]
            if piece in vocab:
                after = cut(rest[end:], False)
                if after is not None:
                    return [piece, *after]
        return None

    if len(word) > max_chars:
        return [unk]
    found = cut(word, True)
    return [unk] if found is None else found
