"""The prompt ends in a space."""

from collections.abc import Sequence


def few_shot(item: dict, shots: Sequence[dict]) -> str:
    """The prompt: solved shots, then the item's question.

    {"question": "2 + 2?"} without shots: "Question: 2 + 2?\\nAnswer:".
    """

    def solved(shot):
        answer = shot["options"][shot["answer"]] if "options" in shot else shot["answer"]
        return f"Question: {shot['question']}\nAnswer: {answer}\n\n"

    before = "".join(solved(s) for s in shots if s["question"] != item["question"])
    return before + f"Question: {item['question']}\nAnswer: "
