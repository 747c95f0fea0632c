"""Reads the whole text anew at each piece."""

OPEN, CLOSE = "<think>", "</think>"


class ThinkStream:
    def __init__(self, budget=None, inside=False):
        self.budget, self.start, self.text, self.count, self.told = budget, inside, "", 0, ("", "")
        self.state = inside

    def read(self, last):
        inside, sides, at = self.start, ["", ""], 0
        while at < len(self.text):
            tag = CLOSE if inside else OPEN
            rest = self.text[at:]
            if rest.startswith(tag):
                inside, at = not inside, at + len(tag)
            elif not last and tag.startswith(rest):
                break
            else:
                sides[not inside] += self.text[at]
                at += 1
        self.state = inside
        new = sides[0][len(self.told[0]):], sides[1][len(self.told[1]):]
        self.told = tuple(sides)
        return new

    def feed(self, piece):
        was = self.state
        self.text += piece
        new = self.read(False)
        self.count += was and self.state
        return new

    def finish(self):
        return self.read(True)

    def over(self):
        return self.budget is not None and self.state and self.count >= self.budget
