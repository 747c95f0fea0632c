"""Mentions of sections become links in what learners get, and nothing else does."""

import re

import pytest

from grader.section.links import linked, mentioned

KV = "../14-kv-cache/14-kv-cache.ipynb"


@pytest.mark.parametrize("text, links", [
    ("The cache is section 14's matter.", ["section 14"]),
    ("Section 14-kv-cache builds it; (section\n14).", ["Section 14-kv-cache", "section\n14"]),
    ("| what | section 14 |", ["section 14"]),
    ("Sections 14, 02 and 14-kv-cache, and the 14 others.", ["14", "02", "14-kv-cache"]),
    ("For $3 a month see section 14; section 02 costs $4.", ["section 14", "section 02"]),
], ids=range(5))  # no section's name in the name of a test that is not its own
def test_a_mention_is_a_link(text, links):
    found = re.findall(r"\[([^]]*)\]\(([^)]*)\)", linked(text))
    assert [words for words, _ in found] == links
    assert [to for words, to in found if "14" in words] == [KV] * sum("14" in words for words in links)
    assert re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", linked(text)) == text, "not one word changes"
    assert len(list(mentioned(text))) == len(links)


@pytest.mark.parametrize("text", [
    "section 14.2 of the paper, section 141, in 14 sections, section 4", "section 28 of the guide",
    "`section 14`", "``a ` section 14``",
    "```\nsection 14\n```", "$x_{section 14}$ and $$section 14$$", "[section 14](https://example.org)",
    "<summary>Hint 1: as in section 14</summary>", "section 99",
])
def test_what_is_no_mention_stays(text):
    assert linked(text) == text
