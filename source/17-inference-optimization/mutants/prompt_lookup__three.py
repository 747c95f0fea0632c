"""At most three, whatever longest says."""

def prompt_lookup(ids, k, longest=3, shortest=1):
    end = len(ids)
    for n in range(min(longest, 3, end - 1), shortest - 1, -1):
        suffix = ids[end - n:]
        for i in range(end - n - 1, -1, -1):
            if ids[i:i + n] == suffix:
                text = list(ids)
                for j in range(k):
                    text.append(text[i + n + j])
                return text[end:]
    return []
