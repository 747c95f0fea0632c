"""Each run of bytes decoded on its own, the text between as it is."""


def byte_fallback(ids, id2piece):
    out, run = [], []

    def flush():
        out.append(bytes(run).decode("utf-8", errors="replace"))
        run.clear()

    table = {f"<0x{i:02X}>": i for i in range(256)}
    for piece in map(id2piece.__getitem__, ids):
        if piece in table:
            run.append(table[piece])
        else:
            flush()
            out.append(" ".join(piece.split("\u2581")))
    flush()
    text = "".join(out)
    return text[1:] if text[:1] == " " else text
