"""At most 32 rounds."""

def bpe_encode(piece, ranks):
    row = [piece[i:i + 1] for i in range(len(piece))]
    for _ in range(32):
        known = [(ranks[p], i) for i, p in enumerate(zip(row, row[1:])) if p in ranks]
        if not known:
            break
        rank, i = min(known)
        a, b = row[i], row[i + 1]
        new, k = [], 0
        while k < len(row):
            if row[k:k + 2] == [a, b]:
                new.append(a + b)
                k += 2
            else:
                new.append(row[k])
                k += 1
        row = new
    return row
