"""A passage keeps its line breaks."""
from collections.abc import Sequence


def grounded_prompt(question: str, passages: Sequence[str]) -> str:
    def clean(text):
        return text.strip().replace("[", "(").replace("]", ")")

    if not passages:
        raise ValueError("nothing to ground an answer in")
    return "\n".join([RULES, "", *(f"[{i}] {clean(p)}" for i, p in enumerate(passages, 1)), "",
                      f"Question: {clean(question)}"])
