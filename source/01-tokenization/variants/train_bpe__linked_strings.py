"""Numbers for tokens inside; the pair is looked for in a tuple."""


def train_bpe(words, num_merges):
    names = [bytes([i]) for i in range(256)]
    rows = {tuple(w): f for w, f in words.items()}
    merges = []
    for _ in range(num_merges):
        seen = {}
        for row, f in rows.items():
            for i in range(1, len(row)):
                seen[row[i - 1:i + 1]] = seen.get(row[i - 1:i + 1], 0) + f
        if not seen:
            return merges
        a, b = max(seen, key=lambda p: (seen[p], names[p[0]], names[p[1]]))
        merges.append((names[a], names[b]))
        names.append(names[a] + names[b])
        fresh = {}
        for row, f in rows.items():
            out = []
            for x in row:
                if out and out[-1] == a and x == b:
                    out[-1] = len(names) - 1
                else:
                    out.append(x)
            fresh[tuple(out)] = fresh.get(tuple(out), 0) + f
        rows = fresh
    return merges
