"""Figures that are readable on a light and on a dark page: transparent ground, mid-grey text, one palette."""

from contextlib import contextmanager

import matplotlib.pyplot as plt
from cycler import cycler

INK = "#7a7a7a"  # contrast of at least 4:1 on white and on near-black
# Jupyter's inline backend lays a card behind a transparent figure whose tick labels are all light or all dark. With one
# axis just on either side of the middle it leaves ours to the page.
LIGHTER_INK = "#808080"
PALETTE = ["#3b82c4", "#d9762b", "#3a9d6e", "#b0568f", "#8a7a2e", "#6d6ac0"]
KEPT, CUT, WRONG = PALETTE[0], "#9b9b9b", "#cc4b4b"


def style() -> None:
    """Set matplotlib's defaults for the course. Call it once, in the setup cell."""
    plt.rcParams.update({
        "figure.figsize": (7, 3), "figure.dpi": 100, "figure.facecolor": "none", "axes.facecolor": "none",
        "savefig.facecolor": "none", "axes.prop_cycle": cycler(color=PALETTE),
        "text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": INK, "axes.titlecolor": INK,
        "xtick.color": INK, "ytick.color": LIGHTER_INK, "grid.color": INK, "grid.alpha": 0.25,
        "axes.grid": True, "axes.axisbelow": True, "axes.spines.top": False, "axes.spines.right": False,
        "legend.frameon": False, "font.size": 10, "axes.titlesize": 11,
    })


@contextmanager
def picture():
    """Around the code of a picture: a stub that is still empty gives one sentence instead of a traceback."""
    try:
        yield
    except NotImplementedError as todo:
        plt.close()
        print(f"No picture yet. Still to write: {todo}")


def token_bars(ax, values, kept=None, labels=None, title: str = "") -> None:
    """A bar for each token; `kept` (a list of booleans) tells the survivors, in colour, from the rest, in grey."""
    kept = [True] * len(values) if kept is None else kept
    ax.bar(range(len(values)), values, color=[KEPT if k else CUT for k in kept], width=0.85)
    ax.set_title(title)
    ax.grid(axis="x", visible=False)
    if labels is not None:
        ax.set_xticks(range(len(values)), labels, rotation=60, ha="right", fontsize=8)
