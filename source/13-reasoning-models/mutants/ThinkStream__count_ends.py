"""Pieces count in the first block alone."""



OPEN, CLOSE = "<think>", "</think>"

class ThinkStream:
    def __init__(self, budget=None, inside=False):
        self.budget, self.inside, self.held, self.count = budget, inside, "", 0

    def feed(self, piece):
        was, text = self.inside, self.held + piece
        out = {True: "", False: ""}
        while True:
            tag = CLOSE if self.inside else OPEN
            head, found, rest = text.partition(tag)
            if not found:
                break
            out[self.inside] += head
            self.inside = not self.inside
            text = rest
        keep = next(i for i in range(len(tag) - 1, -1, -1) if text.endswith(tag[:i]))
        cut = len(text) - keep
        out[self.inside] += text[:cut]
        self.held = text[cut:]
        self.ended = getattr(self, 'ended', False) or (was and not self.inside)
        self.count += was and self.inside and not self.ended
        return out[True], out[False]

    def finish(self):
        held, self.held = self.held, ""
        return (held, "") if self.inside else ("", held)

    def over(self):
        return self.budget is not None and self.inside and self.count >= self.budget
