"""The widget of section 02: turn temperature, top-k, top-p and min-p, and watch which next tokens survive.

It has its own masks, one row at a time, so that it works before any exercise is solved.
"""

import io

import ipywidgets
import numpy as np
from matplotlib.figure import Figure

from .. import figures
from ..models.ngram import NGram, help_words

CONTEXTS = ["in the", "the value of", "returns the", "raise an", "the __init__"]
SHOWN = 30  # tokens in the chart; the masks see the whole vocabulary


def survivors(logp: np.ndarray, T: float = 1.0, k: int = 0, p: float = 1.0, min_p: float = 0.0):
    """(probabilities after temperature, which tokens survive): the order is T, top-k, top-p, min-p. k = 0 is no top-k."""
    logits = np.asarray(logp, dtype=np.float64) / T
    probs = np.exp(logits - logits.max())
    probs /= probs.sum()
    order = np.argsort(-probs, kind="stable")
    kept = probs >= (np.sort(probs)[-min(k, len(probs))] if k else 0)  # ties with the k-th stay, as in the exercise
    ranked = np.where(kept, probs, 0)[order] / probs[kept].sum()
    if p < 1:
        kept[order[max(1, int((np.cumsum(ranked) - ranked < p).sum())):]] = False
    return probs, kept & (probs >= min_p * probs.max())


def chart(words: list[str], logp: np.ndarray, T: float, k: int, p: float, min_p: float) -> bytes:
    """A PNG: the likeliest tokens in order, the survivors in colour with the probability they are sampled with."""
    probs, kept = survivors(logp, T, k, p, min_p)
    shown = np.argsort(-np.asarray(logp), kind="stable")[:SHOWN]
    sampled = np.where(kept, probs, 0) / probs[kept].sum()
    figure = Figure(figsize=(9, 3.4), layout="constrained", facecolor="none")
    ax = figure.add_subplot(facecolor="none")
    height = np.where(kept, sampled, probs)[shown]
    entropy = -(sampled[kept] * np.log(sampled[kept])).sum()
    figures.token_bars(ax, height, kept[shown], [words[i].replace("$", r"\$") for i in shown],
                       f"{kept.sum()} of {len(words)} tokens survive; they hold {probs[kept].sum():.1%} of the mass; "
                       f"entropy of what is sampled {entropy:.2f} nats")
    ax.set_ylabel("probability")
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=100, transparent=True)
    return png.getvalue()


def explore(model: NGram | None = None) -> ipywidgets.VBox:
    """The widget. `model` defaults to a trigram model of Python's help texts."""
    figures.style()
    model = model or NGram(help_words())
    rows = {c: model.logprobs(model.encode(c.split())).numpy() for c in CONTEXTS}
    slider = dict(continuous_update=False, style={"description_width": "7em"}, layout={"width": "24em"})
    context = ipywidgets.Dropdown(options=CONTEXTS, description="after the words", style={"description_width": "9em"})
    T = ipywidgets.FloatLogSlider(1.0, base=10, min=-1, max=1, step=0.05, description="temperature", **slider)
    k = ipywidgets.IntSlider(0, 0, 50, description="k (0: off)", **slider)
    p = ipywidgets.FloatSlider(0.9, min=0, max=1, step=0.01, description="p", **slider)
    min_p = ipywidgets.FloatSlider(0.0, min=0, max=1, step=0.01, description="min-p", **slider)
    image = ipywidgets.Image(format="png", layout={"max_width": "100%"})

    def redraw(_=None):
        image.value = chart(model.vocab, rows[context.value], T.value, k.value, p.value, min_p.value)

    for control in (context, T, k, p, min_p):
        control.observe(redraw, names="value")
    redraw()
    return ipywidgets.VBox([context, ipywidgets.HBox([T, k]), ipywidgets.HBox([p, min_p]), image])
