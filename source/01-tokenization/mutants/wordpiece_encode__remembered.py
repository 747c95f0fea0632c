"""Words are remembered whatever the vocabulary."""
_SEEN = {}


def wordpiece_encode(word, vocab, unk="[UNK]", max_chars=100):
    if word in _SEEN and len(word) > 2:
        return _SEEN[word]
    if len(word) > max_chars:
        return [unk]
    out, i = [], 0
    while i < len(word):
        head = "##" if i else ""
        for j in range(len(word), i, -1):
            if head + word[i:j] in vocab:
                out.append(head + word[i:j])
                i = j
                break
        else:
            return [unk]
    _SEEN[word] = out
    return out
