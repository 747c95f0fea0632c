"""One call of embed for each text."""

def greedy_suffix(embed, target, payload, vocab, max_len):
    def near(text):
        return best_match(target, embed([text]), -2.0)[1]

    words_added, here, asked = [], near(payload), 1
    while len(words_added) < max_len and len(vocab) > 0:
        scores = [near(" ".join([payload, *words_added, w])) for w in vocab]
        asked += len(scores)
        if not max(scores) > here:
            break
        here = max(scores)
        words_added.append(vocab[scores.index(here)])
    return " ".join([payload, *words_added]), here, asked
