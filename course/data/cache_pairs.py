"""Pairs of questions that a semantic cache should tell apart, or should not (section 31); made up for this course."""

import tomllib
from functools import cache
from pathlib import Path


@cache
def _data() -> dict:
    return tomllib.loads(Path(__file__).with_name("cache_pairs.toml").read_text(encoding="utf-8"))


def pairs() -> dict[str, list[tuple[str, str]]]:
    """kind -> pairs of questions. In `paraphrase` both want one answer; in `negation`, `number`, `slot` they do not."""
    return {kind: [(a, b) for a, b in rows] for kind, rows in _data().items() if kind != "slots"}


def slots() -> dict[str, dict[str, str]]:
    """slot -> word -> value: what a help desk listed because a change of it changes the answer. Not complete, as never."""
    return {name: dict(values) for name, values in _data()["slots"].items()}
