"""Two hundred lines that teach a language model a tone: a hundred questions, each with the answer of a pirate. All written
for this course."""

from pathlib import Path


def pirate() -> list[tuple[str, str]]:
    """(question, answer) pairs; every answer begins with "Arr," and ends with "matey!"."""
    lines = (Path(__file__).parent / "pirate.txt").read_text(encoding="utf-8").splitlines()
    return list(zip(lines[::2], lines[1::2], strict=True))
