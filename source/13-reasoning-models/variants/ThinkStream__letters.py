"""One letter at a time, with what is held back as a prefix of the tag."""

OPEN, CLOSE = "<think>", "</think>"


class ThinkStream:
    def __init__(self, budget=None, inside=False):
        self.left, self.inside, self.buffer = budget, inside, ""

    def feed(self, piece):
        was, said = self.inside, {True: "", False: ""}
        for letter in piece:
            self.buffer += letter
            while self.buffer and not (CLOSE if self.inside else OPEN).startswith(self.buffer):
                said[self.inside] += self.buffer[0]
                self.buffer = self.buffer[1:]
            if self.buffer == (CLOSE if self.inside else OPEN):
                self.inside, self.buffer = not self.inside, ""
        if was and self.inside and self.left is not None:
            self.left -= 1
        return said[True], said[False]

    def finish(self):
        return (self.buffer, "") if self.inside else ("", self.buffer)

    def over(self):
        return self.inside and self.left is not None and self.left <= 0
