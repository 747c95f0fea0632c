"""A block that the template had opened is not seen."""

OPEN, CLOSE = "<think>", "</think>"


def parse_think(text: str) -> tuple[str, str]:
    blocks, outside = [], []
    while text:
        before, _, rest = text.partition(OPEN)
        block, _, text = rest.partition(CLOSE)
        outside.append(before)
        blocks.append(block.strip())
    return "\n".join(b for b in blocks if b), "".join(outside).strip()
