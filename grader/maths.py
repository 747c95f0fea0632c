"""Formulas without MathJax, which comes over the network: MathML for pages, a line of Unicode for terminals."""

from __future__ import annotations

import functools
import html
import re
from xml.etree.ElementTree import Element, tostring

FORMULA = re.compile(r"(?<![\\$])(?:\$\$(?P<block>.+?)\$\$|\$(?!\s)(?P<line>[^$\n]+?)(?<!\s)\$(?!\d))", re.DOTALL)
CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)  # where a dollar is a dollar
LONGEST = 5000  # characters; a longer one stays as it is
KEPT = {"display", "mathvariant", "stretchy", "fence", "form", "separator", "lspace", "rspace", "width", "height", "depth",
        "minsize", "maxsize", "largeop", "movablelimits", "accent", "columnalign", "linethickness"}  # nothing that leads away
RAISED = str.maketrans("0123456789+-−=()abcdefghijklmnoprstuvwxyzTABDEGHIJKLMNOPRUVW⊤′",
                       "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᵀᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵁⱽᵂᵀ′")
ONE = re.compile(r"\d+(\.\d+)?|[^\W\d_][₀-₉ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ⁰-⁹′\u0300-\u036f]*")  # a number, a letter with its marks
ABOVE = {"^": "\u0302", "~": "\u0303", "¯": "\u0304", "―": "\u0304", "→": "\u20d7"}
LOWERED = str.maketrans("0123456789+-−=()aehijklmnoprstuvxβγρφχ", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ")


def mathml(latex: str, block: bool = False) -> str | None:
    """A formula as MathML, which browsers draw themselves; None where it cannot be read."""
    root = _parsed(latex, block)
    return None if root is None else tostring(root, encoding="unicode")


def unicode(latex: str) -> str:
    """A formula on one line, with parentheses where a fraction or a root needs them; as it is where it cannot be read."""
    root = _parsed(latex, False)
    try:
        line = latex if root is None else _text(root)
    except IndexError:  # a fraction without its lower half
        line = latex
    return re.sub(r"(?<=\w) (?=\()", "", " ".join(line.replace("\u2061", "").split()))


def in_unicode(markdown: str) -> str:
    """A text with its formulas as lines of Unicode; code in it stays as it is."""
    parts, end = [], 0
    for code in CODE.finditer(markdown):
        parts += [_replaced(markdown[end:code.start()]), code[0]]
        end = code.end()
    return "".join([*parts, _replaced(markdown[end:])])


def _replaced(text: str) -> str:
    return FORMULA.sub(lambda m: f"\n\n{unicode(m['block'])}\n\n" if m["block"] else unicode(m["line"]), text)


@functools.lru_cache(maxsize=1024)
def _parsed(latex: str, block: bool) -> Element | None:
    from latex2mathml.converter import convert_to_element  # few commands show a formula
    if len(latex) > LONGEST:
        return None
    try:
        root = convert_to_element(latex.strip(), display="block" if block else "inline")
    except Exception:  # the library raises a dozen kinds, and whatever comes from a learner may be no formula
        return None
    for element in root.iter():
        element.text = html.unescape(element.text or "")  # the library writes entities, which would be escaped again
        for name in set(element.attrib) - KEPT - {"xmlns"}:
            del element.attrib[name]
    return root


def _text(e: Element) -> str:
    parts = [_text(child) for child in e]
    match e.tag.rpartition("}")[2]:
        case "mfrac":
            return f"{_whole(parts[0])}/{_whole(parts[1])}"
        case "msqrt":
            return "√" + _whole("".join(parts))
        case "mroot":
            return f"{_script(parts[1], RAISED, '^')}√{_whole(parts[0])}"
        case "msub" | "munder":
            return parts[0] + _script(parts[1], LOWERED, "_")
        case "msup":
            return parts[0] + _script(parts[1], RAISED, "^")
        case "mover":
            return parts[0] + ABOVE.get(parts[1], parts[1])
        case "msubsup" | "munderover":
            return parts[0] + _script(parts[1], LOWERED, "_") + _script(parts[2], RAISED, "^")
        case "mtr":
            return " ".join(parts) + "; "
        case "mspace":
            return " "
        case "mo":
            sign = e.text or ""
            return f" {sign} " if sign in "=<>≤≥≈∼∝∈⊂≪≫→←↦⇒≡≠+−·×:" and sign else f"{sign} " if sign == "," else sign
        case "mi" if len(e.text or "") > 1:  # log, max
            return f" {e.text} "
        case "mtext":
            return (e.text or "").replace("\xa0", " ")
        case _:
            return (e.text or "").strip() + "".join(parts)


def _whole(part: str) -> str:
    """In parentheses, unless it is one thing."""
    part = part.strip()
    return part if ONE.fullmatch(part) else f"({part})"


def _script(part: str, table: dict[int, int], sign: str) -> str:
    """Raised or lowered where Unicode has all its letters."""
    part = part.strip().replace(" ", "") if len(part) < 12 else part.strip()
    moved = part.translate(table)
    if all(ord(c) in table for c in part):
        return moved
    return f"{sign}{part}" if re.fullmatch(r"\w+|\W", part) else f"{sign}({part})"
