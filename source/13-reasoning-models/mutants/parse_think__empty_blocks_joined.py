"""Empty blocks leave empty lines in the thought."""

OPEN, CLOSE = "<think>", "</think>"


def parse_think(text: str) -> tuple[str, str]:
    if OPEN not in text.partition(CLOSE)[0] and CLOSE in text:
        text = OPEN + text
    blocks, outside = [], []
    while text:
        before, _, rest = text.partition(OPEN)
        block, _, text = rest.partition(CLOSE)
        outside.append(before)
        blocks.append(block.strip())
    return "\n".join(b for b in blocks), "".join(outside).strip()
