"""Two boards for section 06: DPO on a tiny policy, and steering along a vector. Both run the learner's functions."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import ipywidgets as widgets
import torch
from matplotlib.figure import Figure

from .. import figures
from ..data.preferences import contrast, learn_preferences, on_and_off, preference_pairs


def dpo_widget(sequence_logprob: Callable, dpo_loss: Callable, diff_of_means: Callable, steer: Callable,
               topk_dims: Callable) -> widgets.VBox:
    """Above: similarity and beta against where DPO moves the probability. Below: alpha and k against what steering
    does. An unsolved stub speaks up at once, not inside a callback."""
    wide = {"style": {"description_width": "8em"}, "layout": {"width": "24em"}, "continuous_update": False}
    learning = {
        "similarity": widgets.FloatSlider(0.9, min=0, max=0.99, step=0.01, description="similarity", **wide),
        "beta": widgets.FloatLogSlider(0.1, base=10, min=-2, max=0.5, step=0.1, description="beta", **wide),
    }
    steering = {
        "alpha": widgets.FloatSlider(1.0, min=-2, max=3, step=0.1, description="alpha", **wide),
        "k": widgets.SelectionSlider(options=[1, 2, 5, 10, 20, 50, 100, 256], value=10, description="dimensions",
                                     **wide),
        "rotated": widgets.Checkbox(False, description="rotate the space", style=wide["style"]),
    }
    return widgets.VBox([
        _board(learning, lambda **at: learning_curves(sequence_logprob, dpo_loss, **at)),
        _board(steering, lambda **at: steered_projections(diff_of_means, steer, topk_dims, **at)),
    ])


def _board(controls: dict[str, widgets.Widget], draw: Callable[..., bytes]) -> widgets.HBox:
    image = widgets.Image(format="png")

    def redraw(_=None) -> None:
        image.value = draw(**{name: control.value for name, control in controls.items()})

    for control in controls.values():
        control.observe(redraw, "value")
    redraw()
    return widgets.HBox([widgets.VBox(list(controls.values())), image])


def learning_curves(sequence_logprob: Callable, dpo_loss: Callable, similarity: float, beta: float) -> bytes:
    """A PNG: change of the log-probabilities during DPO, and where the probability is before and after."""
    figures.style()
    run = learn_preferences(preference_pairs(similarity), sequence_logprob, dpo_loss, beta)
    figure = Figure(figsize=(7, 2.8), layout="constrained")
    curves, mass = figure.subplots(1, 2, width_ratios=[2, 1])
    curves.plot(run["chosen"].mean(-1), label="chosen")
    curves.plot(run["rejected"].mean(-1), label="rejected")
    curves.axhline(0, color=figures.INK, lw=0.8)
    curves.set(xlabel="step of DPO", ylabel="change of log-probability, nats",
               title=f"loss {run['loss'][0]:.2f} to {run['loss'][-1]:.2f}")
    curves.legend()
    bottom = torch.zeros(2)
    for name, colour, part in zip(("chosen", "rejected", "others"), (*figures.PALETTE[:2], figures.CUT),
                                  run["word_mass"].T):
        mass.bar(["before", "after"], part, bottom=bottom, color=colour, label=name)
        bottom = bottom + part
    mass.set(ylabel="probability", title="who has it")
    return _png(figure)


def steered_projections(diff_of_means: Callable, steer: Callable, topk_dims: Callable, alpha: float, k: int,
                        rotated: bool) -> bytes:
    """A PNG: how far activations lie along the true direction before and after steering with the full vector and with
    its k largest entries; the titles give the disturbance across that direction."""
    figures.style()
    data = contrast(rotated=rotated)
    full = diff_of_means(data.positive, data.negative)
    few, keep = torch.zeros_like(full), topk_dims(full, k)
    few[keep] = full[keep]
    figure = Figure(figsize=(7, 2.8), layout="constrained")
    for ax, v, name in zip(figure.subplots(1, 2, sharey=True), (full, few), ("all 256 dimensions", f"the top {k}")):
        after = steer(data.negative[None], v, alpha)[0]
        for x, label in ((data.positive, "with the behaviour"), (data.negative, "without"), (after, "steered")):
            ax.hist((x @ data.direction).numpy(), bins=30, alpha=0.5, label=label)
        on, off = on_and_off(alpha * v, data.direction)
        ax.set(xlabel="along the true direction", title=f"{name}:\non target {on:.2f}, disturbance {off:.2f}")
        ax.set(xlim=(-10, 14), ylim=(0, 65))
    ax.legend(fontsize=8)
    return _png(figure)


def _png(figure: Figure) -> bytes:
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=100, transparent=True)
    return buffer.getvalue()
