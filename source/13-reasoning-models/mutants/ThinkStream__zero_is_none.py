"""A budget of 0 is taken for none."""

OPEN, CLOSE = "<think>", "</think>"


class ThinkStream:
    def __init__(self, budget: int | None = None, inside: bool = False):
        self.budget, self.inside, self.held, self.count = budget, inside, "", 0

    def feed(self, piece: str) -> tuple[str, str]:
        out, was, text = ["", ""], self.inside, self.held + piece
        while True:
            tag, side = (CLOSE, 0) if self.inside else (OPEN, 1)
            before, found, rest = text.partition(tag)
            if not found:
                break
            out[side] += before
            self.inside, text = not self.inside, rest
        keep = max(i for i in range(len(tag)) if text.endswith(tag[:i]))
        cut = len(text) - keep
        out[side] += text[:cut]
        self.held = text[cut:]
        self.count += was and self.inside
        return out[0], out[1]

    def finish(self) -> tuple[str, str]:
        rest, self.held = self.held, ""
        return (rest, "") if self.inside else ("", rest)

    def over(self) -> bool:
        return bool(self.budget) and self.inside and self.count >= self.budget
