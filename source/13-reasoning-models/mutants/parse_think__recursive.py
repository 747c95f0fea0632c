"""A recursion that goes one deeper for each block: too deep for long texts."""


def parse_think(text):
    if "</think>" in text.split("<think>")[0]:
        text = "<think>" + text

    def parts(rest):
        before, opened, rest = rest.partition("<think>")
        if not opened:
            return before, []
        block, _, rest = rest.partition("</think>")
        answer, blocks = parts(rest)
        return before + answer, [block.strip(), *blocks]

    answer, blocks = parts(text)
    return "\n".join(b for b in blocks if b), answer.strip()
