"""The word is normalised to NFC."""

def wordpiece_encode(word, vocab, unk="[UNK]", max_chars=100):
    if len(word) > max_chars:
        return [unk]
    import unicodedata
    word = unicodedata.normalize('NFC', word)
    out, at = [], 0
    while at < len(word):
        for end in range(len(word), at, -1):
            piece = ("##" if at else "") + word[at:end]
            if piece in vocab:
                break
        else:
            return [unk]
        out.append(piece)
        at = end
    return out
