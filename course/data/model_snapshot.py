"""What was published about some models, with source and date (section 27). Evidence about its dates, not about today."""

from pathlib import Path


def snapshot() -> str:
    """The file as it stands: `model | field | value | source | date`, a line for each figure."""
    return Path(__file__).with_name("model_snapshot.txt").read_text(encoding="utf-8")
