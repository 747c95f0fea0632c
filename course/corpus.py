"""A small knowledge base to search: the handbook of Larkmoor, a message broker that does not exist.

92 passages of about 45 words, 48 queries with graded relevance judgements, two hypothetical answers for each query and
two hypothetical questions for each passage. The text is in `course/data/larkmoor_*.toml`; all of it was written for
this course, the judgements before anything was measured.
"""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DATA = Path(__file__).parent / "data"


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
    hypothetical: Sequence[str]  # answers of a language model that never saw the passages, for HyDE


@cache
def passages() -> tuple[Passage, ...]:
    return tuple(Passage(**row) for row in _read("larkmoor_passages.toml")["passage"])


@cache
def queries() -> tuple[Query, ...]:
    return tuple(Query(**row) for row in _read("larkmoor_queries.toml")["query"])


def words(text: str) -> list[str]:
    """The analyser for BM25: lower case, split into words; `LM-2041`, `linger_ms` and `4.7.3` stay whole.

    No stemming and no stop words, so that "retry" does not find "retries".
    """
    return re.findall(r"[a-z0-9]+(?:[-_.][a-z0-9]+)*", text.lower())


def _read(name: str) -> dict:
    with open(DATA / name, "rb") as file:
        return tomllib.load(file)
