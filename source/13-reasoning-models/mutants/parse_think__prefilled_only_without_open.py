"""The template's block is seen only where no opening tag stands anywhere."""

OPEN, CLOSE = "<think>", "</think>"


def parse_think(text: str) -> tuple[str, str]:
    if OPEN not in text and CLOSE in text:
        text = OPEN + text
    blocks, outside = [], []
    while text:
        before, _, rest = text.partition(OPEN)
        block, _, text = rest.partition(CLOSE)
        outside.append(before)
        blocks.append(block.strip())
    return "\n".join(b for b in blocks if b), "".join(outside).strip()
