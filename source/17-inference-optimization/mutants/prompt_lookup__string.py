"""Looks in a joined string."""

def prompt_lookup(ids, k, longest=3, shortest=1):
    T = len(ids)
    for n in range(min(longest, T - 1), shortest - 1, -1):
        body = " ".join(map(str, ids[:-1])) + " "
        at = body.rfind(" ".join(map(str, ids[T - n:])) + " ")
        if at >= 0:
            i = body[:at].count(" ")
            text = list(ids)
            for j in range(k):
                text.append(text[i + n + j])
            return text[T:]
    return []
