"""One length after the other, by recursion; the copy grows by whole pieces."""

def prompt_lookup(ids, k, longest=3, shortest=1):
    if longest < shortest:
        return []
    suffix = tuple(ids[-longest:])
    if len(suffix) == longest:
        for i in reversed(range(len(ids) - longest)):
            if tuple(ids[i:i + longest]) == suffix:
                piece = list(ids[i + longest:])
                return (piece * (k // len(piece) + 1))[:k]
    return prompt_lookup(ids, k, longest - 1, shortest)
