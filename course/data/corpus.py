"""Texts to learn from and to search in; they are in `course/data/`.

For language models: Python's own help texts, 465,000 characters of plain English.

For search: the handbook of Larkmoor, a message broker that does not exist. 92 passages of about 45 words, 48 queries
with graded relevance judgements, two hypothetical answers for each query and two hypothetical questions for each
passage; all of it was written for this course, the judgements before anything was measured.
"""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

# Lucene's list for English.
STOP = frozenset("a an and are as at be but by for if in into is it no not of on or such that the their then there "
                 "these they this to was will with".split())

DATA = Path(__file__).parent


@dataclass(frozen=True)
class Passage:
    id: str
    text: str
    questions: Sequence[str]  # that a language model would ask of it, for HQE


@dataclass(frozen=True)
class Query:
    text: str
    kind: str  # "identifier", "paraphrase" or "mixed"
    qrels: dict[str, int]  # passage id -> 2 answers, 1 helps; what is not listed is not relevant
    hypothetical: Sequence[str]  # written as a language model that never saw the passages might answer, for HyDE


@cache
def help_texts() -> str:
    """What `help("topics")` knows in Python 3.11: kept here because each version of Python words it differently."""
    return (DATA / "python_topics.txt").read_text(encoding="utf-8")


@cache
def passages() -> tuple[Passage, ...]:
    return tuple(Passage(**row) for row in _read("larkmoor_passages.toml")["passage"])


@cache
def queries() -> tuple[Query, ...]:
    return tuple(Query(**row) for row in _read("larkmoor_queries.toml")["query"])


def words(text: str) -> list[str]:
    """The analyser for BM25: lower case, no stop words, plural s cut off; `LM-2041` and `4.7.3` stay whole."""
    found = re.findall(r"[a-z0-9]+(?:[-_.][a-z0-9]+)*", text.lower())
    return [_singular(w) for w in found if w not in STOP]


def _singular(word: str) -> str:
    """Harman's S-stemmer (1991): retries -> retry, messages -> message, status -> status."""
    if len(word) < 4 or not word.isalpha():
        return word
    if word.endswith("ies") and word[-4] not in "ae":
        return word[:-3] + "y"
    return word if word.endswith(("us", "ss")) else word.removesuffix("s")


def _read(name: str) -> dict:
    with open(DATA / name, "rb") as file:
        return tomllib.load(file)
