"""Chance is subtracted and not scaled."""


def chance_adjusted(acc: float, k: int) -> float:
    """Accuracy with guessing among k options at 0: acc = 0.5 of two options gives 0.0."""
    if k < 2:
        raise ValueError("guessing needs two options at least")
    return acc - 1 / k
