"""The number of a citation has to stand in the passage as well."""
import re
from collections.abc import Sequence


def check_citations(answer: str, passages: Sequence[str]) -> dict[str, list[int]]:
    report: dict[str, list[int]] = {"cited": [], "unknown": [], "uncited": [], "unsupported": []}
    if answer.strip() == ABSTAIN:
        return report
    citation, cited = re.compile(r"\[\s*[0-9]+(?:\s*,\s*[0-9]+)*\s*\]"), set()
    for i, sentence in enumerate(sentences(answer)):
        named = {int(n) for found in citation.findall(sentence) for n in re.findall("[0-9]+", found)}
        known = {n for n in named if 1 <= n <= len(passages)}
        cited |= named
        if not known:
            report["uncited"].append(i)
        if numbers(sentence) - {n for k in known for n in numbers(passages[k - 1])}:
            report["unsupported"].append(i)
    report["cited"] = sorted(n for n in cited if 1 <= n <= len(passages))
    report["unknown"] = sorted(cited - set(report["cited"]))
    return report
