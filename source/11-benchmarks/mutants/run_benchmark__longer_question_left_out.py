"""A shot whose question contains the item's is taken for the item."""

from collections.abc import Sequence


def few_shot(item: dict, shots: Sequence[dict]) -> str:
    """The prompt: solved shots, then the item's question.

    {"question": "2 + 2?"} without shots: "Question: 2 + 2?\\nAnswer:".
    """

    def solved(shot):
        answer = shot["options"][shot["answer"]] if "options" in shot else shot["answer"]
        return f"Question: {shot['question']}\nAnswer: {answer}\n\n"

    before = "".join(solved(s) for s in shots if item["question"] not in s["question"])
    return before + f"Question: {item['question']}\nAnswer:"
