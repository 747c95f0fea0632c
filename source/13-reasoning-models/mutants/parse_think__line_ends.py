"""Line ends are made uniform on the way."""

OPEN, CLOSE = "<think>", "</think>"


def parse_think(text: str) -> tuple[str, str]:
    if OPEN not in text.partition(CLOSE)[0] and CLOSE in text:
        text = OPEN + text
    text = "\n".join(text.splitlines())
    blocks, outside = [], []
    while text:
        before, _, rest = text.partition(OPEN)
        block, _, text = rest.partition(CLOSE)
        outside.append(before)
        blocks.append(block.strip())
    return "\n".join(b for b in blocks if b), "".join(outside).strip()
