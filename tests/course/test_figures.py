"""The shown side: one module a section, one `widget` in each, pictures that say which stub is empty, boards that speak up."""

import sys
from importlib import import_module

import ipywidgets
import pytest

from course import figures
from grader.section.cells import kind
from grader.section.load import load
from grader.section.load import names as section_names
from tests.conftest import ROOT
from tests.reference import shown_module


def empty_stub(*_args, **_kwargs):
    raise NotImplementedError("rope: a hint")


def bars(height):
    figure, ax = figures.subplots(figsize=(2, 1))
    ax.bar([0], [height])
    return figure


# --- what a cell calls -----------------------------------------------------------------------------------------------

@pytest.fixture
def shown(monkeypatch):
    images = []
    monkeypatch.setattr(figures, "display", images.append)
    return images


def test_a_picture_shows_itself_on_transparent_ground(shown):
    figures.picture(bars)(2.0)
    (image,) = shown
    assert image.data.startswith(b"\x89PNG") and image.data[25] == 6, "colour type 6: with an alpha channel"


@pytest.mark.parametrize("what", ["picture", "experiment", "widget"])
def test_an_empty_stub_gives_one_sentence(what, shown, capsys):
    assert getattr(figures, what)(lambda rope: rope(1))(empty_stub) is None
    assert capsys.readouterr().out == f"No {what} yet. Still to write: rope: a hint\n" and not shown


def test_another_error_is_not_hidden():
    with pytest.raises(ZeroDivisionError):
        figures.picture(lambda: 1 / 0)()


# --- boards ----------------------------------------------------------------------------------------------------------

def test_a_board_draws_again_when_a_control_moves():
    height = ipywidgets.FloatSlider(1.0, min=0, max=9)
    board = figures.board({"height": height}, lambda height: (bars(height), f"{height:g} high"))
    controls, (image, words) = (box.children for box in board.children)
    before = bytes(image.value)
    assert controls == (height,) and before.startswith(b"\x89PNG") and words.value == "1 high"
    height.value = 5.0
    assert bytes(image.value) != before and words.value == "5 high"


def test_a_board_tells_of_an_error_and_recovers():
    def draw(height):
        if height > 2:
            raise ValueError("too <high>")
        return bars(height)

    height = ipywidgets.FloatSlider(1.0, min=0, max=9)
    _, (image, words) = (box.children for box in figures.board({"height": height}, draw).children)
    before = bytes(image.value)
    height.value = 5.0
    assert words.value == "<b>ValueError</b>: too &lt;high&gt;" and bytes(image.value) == before
    height.value = 2.0
    assert words.value == "" and bytes(image.value) != before


def test_a_board_without_its_function_fails_at_once():
    with pytest.raises(NotImplementedError):
        figures.board({"height": ipywidgets.FloatSlider(1.0)}, empty_stub)


# --- one module a section --------------------------------------------------------------------------------------------

@pytest.mark.parametrize("section", section_names(ROOT))
def test_every_section_has_its_module_and_shows_by_calls_into_it(section):
    name = shown_module(section)
    assert callable(import_module(f"course.sections.{name}").widget)
    for cell in load(section, ROOT).notebook.cells:
        if kind(cell) in ("setup", "stub", "graded"):
            assert "course.sections" not in cell.source and "figures" not in cell.source, cell.source[:60]
        if kind(cell) in ("picture", "widget"):
            assert name in cell.source.splitlines()[-1], cell.source  # how few lines these are, lint asks
        if kind(cell) == "experiment":
            assert name in cell.source and len(list(filter(str.strip, cell.source.splitlines()))) <= 15, cell.source


def test_no_figure_stays_open():
    """Drawn without pyplot, which would keep every figure that nobody closes."""
    from course.sections import decoding
    decoding.chart("in the", 1.0, 0, 0.9, 0.0)
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or not pyplot.get_fignums()
