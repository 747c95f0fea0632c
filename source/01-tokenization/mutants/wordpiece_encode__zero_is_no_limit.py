"""A limit of 0 characters is taken for none."""

def wordpiece_encode(word, vocab, unk="[UNK]", max_chars=100):
    if max_chars and len(word) > max_chars:
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
    return out
