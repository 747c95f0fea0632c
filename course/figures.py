"""Pictures and boards that are readable on a light and on a dark page: transparent ground, mid-grey text, one palette.

    @figures.picture                                  a cell that calls it shows the figure, or says which stub is empty
    def temperature_curves(softmax_t):
        figure, (left, right) = figures.subplots(1, 2, figsize=(9, 2.8))
        …
        return figure

Figures are drawn without pyplot, so none stays open behind the notebook's back.
"""

import functools
import html
import io
from collections.abc import Callable

import ipywidgets
import matplotlib
from cycler import cycler
from IPython.display import Image, display
from matplotlib.figure import Figure

INK = "#7a7a7a"  # contrast of at least 4:1 on white and on near-black
PALETTE = ["#3b82c4", "#d9762b", "#3a9d6e", "#b0568f", "#8a7a2e", "#6d6ac0"]
KEPT, CUT, WRONG = PALETTE[0], "#9b9b9b", "#cc4b4b"


def style() -> None:
    """Set matplotlib's defaults for the course; importing `course.sections` does it."""
    matplotlib.rcParams.update({
        "figure.figsize": (7, 3), "figure.dpi": 100, "figure.facecolor": "none", "axes.facecolor": "none",
        "savefig.facecolor": "none", "axes.prop_cycle": cycler(color=PALETTE),
        "text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": INK, "axes.titlecolor": INK,
        "xtick.color": INK, "ytick.color": INK, "grid.color": INK, "grid.alpha": 0.25,
        "axes.grid": True, "axes.axisbelow": True, "axes.spines.top": False, "axes.spines.right": False,
        "legend.frameon": False, "font.size": 10, "axes.titlesize": 11,
    })


# --- pictures --------------------------------------------------------------------------------------------------------

def subplots(rows: int = 1, columns: int = 1, figsize: tuple[float, float] = (7, 3), **kwargs):
    """(figure, axes) as plt.subplots gives them; figsize in inches of 100 pixels."""
    figure = Figure(figsize=figsize, layout="constrained")
    return figure, figure.subplots(rows, columns, **kwargs)


def show(figure: Figure) -> None:
    """Show a figure under the cell that runs."""
    display(Image(png(figure)))


def png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", transparent=True)
    return buffer.getvalue()


def token_bars(ax, values, kept=None, labels=None, title: str = "") -> None:
    """A bar for each token; `kept` (a list of booleans) tells the survivors, in colour, from the rest, in grey."""
    kept = [True] * len(values) if kept is None else kept
    ax.bar(range(len(values)), values, color=[KEPT if k else CUT for k in kept], width=0.85)
    ax.set_title(title)
    ax.grid(axis="x", visible=False)
    if labels is not None:
        ax.set_xticks(range(len(values)), labels, rotation=60, ha="right", fontsize=8)


# --- what a cell calls: a stub that is still empty gives one sentence instead of a traceback -------------------------

def picture(draw: Callable[..., Figure]) -> Callable[..., None]:
    """Decorator for a function that draws a figure: who calls it sees the figure."""
    return _once_written("picture", functools.wraps(draw)(lambda *args, **kwargs: show(draw(*args, **kwargs))))


def experiment(run: Callable) -> Callable:
    """Decorator for the frame of an experiment, which shows and prints by itself; it gives None where a stub is empty.

    One that is called with `prediction=` waits until a prediction stands: what one has seen one cannot guess.
    """
    @functools.wraps(run)
    def waits(*args, **kwargs):
        if kwargs.get("prediction", ...) is None:
            print("No experiment yet. First write what you expect into the cell of the prediction, and run it.")
            return None
        return run(*args, **kwargs)
    return _once_written("experiment", waits)


def widget(make: Callable[..., ipywidgets.Widget]) -> Callable[..., ipywidgets.Widget | None]:
    """Decorator for a section's `widget`."""
    return _once_written("widget", make)


def _once_written(what: str, call: Callable) -> Callable:
    @functools.wraps(call)
    def guarded(*args, **kwargs):
        try:
            return call(*args, **kwargs)
        except NotImplementedError as todo:
            print(f"No {what} yet. Still to write: {todo}")
    return guarded


# --- widgets ---------------------------------------------------------------------------------------------------------

def board(controls: dict[str, ipywidgets.Widget], draw: Callable[..., Figure | tuple[Figure, str]]) -> ipywidgets.Box:
    """Controls on the left, beside them what `draw` makes of their values: a figure, or a figure and words in HTML.

    The first drawing happens here, so an error of the learner's function speaks up at once. Where the page is narrow
    the picture gives way, and at last moves below the controls; they keep their size.
    """
    image = ipywidgets.Image(format="png", layout={"max_width": "100%", "align_self": "flex-start"})  # never enlarged
    words = ipywidgets.HTML()

    def redraw() -> Figure:
        drawn = draw(**{name: control.value for name, control in controls.items()})
        figure, words.value = drawn if isinstance(drawn, tuple) else (drawn, "")
        image.value = png(figure)
        return figure

    def moved(_) -> None:
        words.value = f'<div style="opacity: 0.4">{words.value}</div>'  # a sign that the new ones are on their way
        try:
            redraw()
        except Exception as error:  # Jupyter would put it into a log that nobody reads
            words.value = f"<b>{type(error).__name__}</b>: {html.escape(str(error))}"

    for control in controls.values():
        _dress(control)
        control.observe(moved, "value")
    wanted = 0.7 * redraw().bbox.width
    column = ipywidgets.VBox(list(controls.values()), layout={"flex": "0 0 auto", "max_width": "100%"})
    shown = ipywidgets.VBox([image, words], layout={"flex": f"1 1 {wanted:.0f}px", "min_width": "0"})
    return ipywidgets.HBox([column, shown], layout={"flex_flow": "row wrap"})


def _dress(control: ipywidgets.Widget) -> None:
    """One width for all controls that set none; a slider redraws when it comes to rest."""
    control.style.description_width = control.style.description_width or "8em"
    control.layout.width = control.layout.width or "25em"
    if hasattr(control, "continuous_update"):
        control.continuous_update = False
