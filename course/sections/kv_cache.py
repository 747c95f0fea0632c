"""A slider board: the KV cache of a real model against the memory of real GPUs."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import ipywidgets as widgets
import matplotlib.pyplot as plt

from .. import figures
from ..models.sizes import GPUS, MODELS

FORMATS = {"BF16 (2 bytes)": 2, "FP8 (1 byte)": 1}


def kv_cache_widget(kv_cache_bytes: Callable[..., int]) -> widgets.Widget:
    """Model, context, batch, formats and GPUs on the left; weights plus cache against memory on the right.

    kv_cache_bytes(layers, n_kv, head_dim, seq, batch, bytes, window, mla) is the learner's own.
    """
    kv_cache_bytes(1, 1, 1, 1)  # an unsolved stub speaks up here, not inside a callback
    controls = {
        "model": widgets.Dropdown(options=list(MODELS), value="Llama-3-70B", description="Model"),
        "context": widgets.SelectionSlider(options=[(f"{2 ** i:,}", 2 ** i) for i in range(10, 21)], value=2 ** 17,
                                           description="Context"),
        "batch": widgets.SelectionSlider(options=[1, 2, 4, 8, 16, 32, 64], value=1, description="Batch"),
        "cache": widgets.ToggleButtons(options=FORMATS, description="Cache"),
        "weights": widgets.ToggleButtons(options=FORMATS, description="Weights"),
        "gpu": widgets.Dropdown(options=list(GPUS), value="H100 80 GB", description="GPU"),
        "count": widgets.SelectionSlider(options=[1, 2, 4, 8, 16], value=8, description="How many"),
    }
    image, words = widgets.Image(format="png", layout={"max_width": "100%"}), widgets.HTML()

    def redraw(_=None) -> None:
        image.value, words.value = picture(kv_cache_bytes, **{name: c.value for name, c in controls.items()})

    for control in controls.values():
        control.observe(redraw, "value")
    redraw()
    board = widgets.VBox(list(controls.values()), layout={"flex": "0 0 auto"})  # the picture gives way, not the numbers
    return widgets.HBox([board, widgets.VBox([image, words], layout={"flex": "1 1 0%", "min_width": "0"})])


def picture(kv_cache_bytes, model: str, context: int, batch: int, cache: int, weights: int, gpu: str,
            count: int) -> tuple[bytes, str]:
    """The bar as PNG and one sentence of HTML."""
    m, g = MODELS[model], GPUS[gpu]
    kept = sum(kv_cache_bytes(layers, m.kv_heads, m.head_dim, context, batch, cache, window, m.mla)
               for layers, window in m.groups)
    held, memory = m.weight_bytes(weights), g.memory * count
    fig, ax = plt.subplots(figsize=(6.4, 2.0), dpi=150)
    ax.barh([0], [held / 1e9], color=figures.PALETTE[2], label=f"weights {held / 1e9:,.1f} GB")
    ax.barh([0], [kept / 1e9], left=[held / 1e9], color=figures.PALETTE[0], label=f"cache {kept / 1e9:,.2f} GB")
    ax.axvline(memory / 1e9, color=figures.WRONG, label=f"{count} × {gpu}: {memory / 1e9:,.0f} GB")
    ax.set(yticks=[], xlabel="GB", xlim=(0, 1.15 * max(held + kept, memory) / 1e9))
    ax.legend(ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0), fontsize=9)
    png = BytesIO()
    fig.savefig(png, format="png", bbox_inches="tight", transparent=True)
    plt.close(fig)
    free = memory - held - kept
    verdict = f"Fits, {free / 1e9:,.1f} GB to spare" if free >= 0 else f"<b>Does not fit</b>: {-free / 1e9:,.1f} GB short"
    step = (held + kept) / (g.bandwidth * count)
    return png.getvalue(), (f"{verdict} (activations not counted). Cache: {kept / context / batch:,.0f} bytes per token "
                            f"of context. Reading weights and cache once takes at least {1e3 * step:.1f} ms; "
                            "a mixture of experts reads only part of its weights.")
