"""Ids modulo 65,536."""

def prompt_lookup(ids, k, longest=3, shortest=1):
    T = len(ids)
    for n in range(min(longest, T - 1), shortest - 1, -1):
        tail = ids[T - n:]
        for i in range(T - n - 1, -1, -1):
            if [x % 65536 for x in ids[i:i + n]] == [x % 65536 for x in tail]:
                text = list(ids)
                for j in range(k):
                    text.append(text[i + n + j])
                return text[T:]
    return []
