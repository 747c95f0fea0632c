"""Only the character that fails becomes [UNK]."""


def wordpiece_encode(word, vocab, unk="[UNK]", max_chars=100):
    if len(word) > max_chars:
        return [unk]
    pieces, start = [], 0
    while start < len(word):
        end = len(word)
        while end > start:
            piece = word[start:end] if start == 0 else "##" + word[start:end]
            if piece in vocab:
                break
            end -= 1
        if end == start:
            pieces.append(unk)
            start += 1
            continue
        pieces.append(piece)
        start = end
    return pieces
