"""Formulas without a network: as MathML in pages, as Unicode in terminals."""

import json
import re
from pathlib import Path

import pytest

from grader.classroom.pages import markdown2html
from grader.maths import FORMULA, in_unicode, mathml, unicode
from tests.conftest import ROOT


@pytest.mark.parametrize(("latex", "line"), [
    (r"\frac{a+b}{2\pi}", "(a + b)/(2π)"), (r"x^2_i", "xᵢ²"), (r"\sqrt{d_k}", "√dₖ"), (r"e^{-\beta r}", "e^(−βr)"),
    (r"\log\pi(y)", "log π(y)"), (r"W'", "W′"), (r"\sum_{i=1}^n x_i \le 1", "∑ᵢ₌₁ⁿxᵢ ≤ 1"), (r"A^\top B", "AᵀB"),
    (r"\pi_\text{ref}", "π_ref"), (r"\hat v", "v\u0302"), (r"\frac{1", r"\frac{1"),
])
def test_a_formula_on_a_line(latex, line):
    assert unicode(latex) == line


def test_code_and_money_stay():
    text = r"It costs $3. At $x<1$ run `echo $HOME $x$`, or $4 and $5 more: $$y = \frac{1}{2}$$"
    assert in_unicode(text) == "It costs $3. At x < 1 run `echo $HOME $x$`, or $4 and $5 more: \n\ny = 1/2\n\n"


def test_every_formula_of_the_course_can_be_read():
    notebooks = (json.loads(p.read_text(encoding="utf-8")) for p in Path(ROOT / "source").glob("*/*.ipynb"))
    texts = ("".join(c["source"]) for notebook in notebooks for c in notebook["cells"] if c["cell_type"] == "markdown")
    formulas = {m["block"] or m["line"] for text in texts for m in FORMULA.finditer(text)}
    assert len(formulas) > 100
    unread = [f for f in formulas if mathml(f) is None or re.search(r"\\[a-zA-Z]{2}|&", unicode(f))]
    assert not unread


def test_a_page_draws_them_and_nothing_active_gets_in():
    page = markdown2html("Rank $r<3$ costs $$\\frac{a}{b}$$ and\n\n| `$x$` | a\\$ |\n|---|---|\n| \ue0000\ue001 | 2 |")
    assert page.count("<math") == 2 and '<mo>&lt;</mo>' in page and 'display="block"' in page and "<code>$x$</code>" in page
    hostile = markdown2html(r"$\href{javascript:alert(1)}{x}$ $</math><script>alert(1)</script>$ $\style{a:b}{x}$ "
                            r"$\class{toc}{y}$ $\text{<img src=x onerror=alert(1)>}$ <math><script>1</script></math>")
    assert not re.search(r"<script|<img|javascript|style=|class=|href=", hostile), hostile
    aside = markdown2html("[a](../14-kv-cache/14-kv-cache.ipynb) [b](https://example.org) [c](mailto:a@example.org)")
    assert re.findall(r'href="([^"]*)"', aside) == ["https://example.org", "mailto:a@example.org"], "nothing lies beside a page"
    assert markdown2html("$" + "{" * 9000 + "$").count("{") == 9000, "what is no formula stays text"
