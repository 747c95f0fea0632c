"""Two sets, one for the beginning and one for the inside."""


def wordpiece_encode(word, vocab, unk="[UNK]", max_chars=100):
    inner = {v[2:] for v in vocab if v[:2] == "##"}
    i, out = 0, []
    try:
        if len(word) > max_chars:
            raise LookupError
        while i < len(word):
            lengths = [n for n in range(1, len(word) - i + 1) if word[i:i + n] in (inner if i else vocab)]
            if not lengths:
                raise LookupError
            n = max(lengths)
            out.append("##" * (i > 0) + word[i:i + n])
            i += n
    except LookupError:
        out = [unk]
    return out
