"""Notebooks as pages, in feedback and in the formgrader: nothing on them is active but what is nbgrader's own.

nbgrader's templates put Markdown on the page as it was written, whatever `HTMLExporter.sanitize_html` says.
nbgrader_config.py has them use this filter instead:

    c.HTMLExporter.filters = {"markdown2html": "grader.classroom.pages.markdown2html"}
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import bleach  # comes with nbconvert
from nbconvert.exporters import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbgrader.server_extensions import formgrader
from traitlets.config import Config

import grader.classroom

from ..maths import mathml
from ..place import package

TAGS = {"a", "b", "blockquote", "br", "code", "dd", "del", "details", "div", "dl", "dt", "em", "h1", "h2", "h3", "h4",
        "h5", "h6", "hr", "i", "kbd", "li", "ol", "p", "pre", "s", "span", "strong", "sub", "summary", "sup", "table",
        "tbody", "td", "th", "thead", "tr", "ul"}

PLACE = re.compile("\ue000(\\d+)\ue001")  # of a formula; the two are letters of nobody's


def markdown2html(source: str) -> str:
    """Markdown as HTML. Tags that do more than format are shown as text; links lead to pages and mailboxes only."""
    renderer = WithMathML(escape=False, exclude_anchor_links=True)
    html = MarkdownWithMath(renderer).render(PLACE.sub("", source))
    clean = bleach.clean(html, tags=TAGS, attributes=_allowed, protocols={"http", "https", "mailto"})
    return PLACE.sub(lambda m: renderer.formulas[int(m[1])], clean)


class WithMathML(IPythonRenderer):
    """Draws formulas as MathML, which needs no script and no network. They are put in after the cleaning."""

    def __init__(self, **how):
        super().__init__(**how)
        self.formulas: list[str] = []

    def inline_math(self, body: str) -> str:
        return self._placed(body, False, super().inline_math)

    def block_math(self, body: str) -> str:
        return self._placed(body, True, super().block_math)

    def _placed(self, body: str, block: bool, otherwise: Callable[[str], str]) -> str:
        formula = mathml(body, block)
        if formula is None:
            return otherwise(body)
        self.formulas.append(formula)
        return f"\ue000{len(self.formulas) - 1}\ue001"


def _allowed(tag: str, name: str, value: str) -> bool:
    """No ids, no classes but those of highlighted code: a page's own scripts must not find a learner's tags."""
    if name == "class":
        return bool(re.fullmatch(r"highlight|[a-z][a-z0-9]?", value))
    if (tag, name) == ("a", "href"):  # what lies beside the notebook does not lie beside its page
        return value.startswith(("http://", "https://", "mailto:"))
    return (tag, name) in {("a", "title"), ("ol", "start"), ("details", "open")}


class Feedback(HTMLExporter):
    """nbgrader's feedback page with a table of contents of exercises and aspects: nbconvert/templates/aspects.

    nbgrader's commands and the formgrader's button each name nbgrader's own template, so this one is set here.
    """

    def __init__(self, config: Config, **options):
        ours, theirs = package(grader.classroom) / "nbconvert" / "templates", Path(formgrader.__file__).parent / "templates"
        mine = {"template_name": "aspects", "extra_template_basedirs": [str(ours), str(theirs)],
                "extra_template_paths": [*config.HTMLExporter.get("extra_template_paths", []), str(theirs)]}
        super().__init__(config=Config({**config, "Feedback": mine}), **options)
