"""The widget of section 20: choose a query, weigh BM25 against the dense retriever, and watch the fused ranking change.

It has its own BM25 and its own fusion, so that it works before any exercise is solved.
"""

import io
import math
from collections import Counter

import ipywidgets
from matplotlib.figure import Figure

from .. import figures
from ..data.corpus import Query, passages, queries, words
from ..models.embeddings import embed

SHOWN, DEPTH = 8, 50  # places in the picture; length of the lists that are fused
GRADE = {2: figures.KEPT, 1: figures.PALETTE[2], 0: figures.CUT}


def bm25(query: str, k1: float = 1.5, b: float = 0.75) -> list[str]:
    """Ids of the passages that share a word with the query, best first."""
    bags = {p.id: Counter(words(p.text)) for p in passages()}
    mean = sum(bag.total() for bag in bags.values()) / len(bags)
    scores = Counter()
    for term in words(query):
        having = {d: bag[term] for d, bag in bags.items() if term in bag}
        idf = math.log(1 + (len(bags) - len(having) + 0.5) / (len(having) + 0.5))
        for d, f in having.items():
            scores[d] += idf * f * (k1 + 1) / (f + k1 * (1 - b + b * bags[d].total() / mean))
    return [d for d in sorted(bags, key=lambda d: -scores[d]) if scores[d] > 0][:DEPTH]


def fuse(lexical: list[str], dense: list[str], weight: float, k: float) -> list[str]:
    """Weighted reciprocal rank fusion; weight 0 is BM25 alone, 1 is dense alone, 0.5 is plain RRF."""
    scores = Counter()
    for ranking, share in ((lexical, 1 - weight), (dense, weight)):
        for rank, d in enumerate(ranking, 1):
            scores[d] += share / (k + rank)
    return sorted((d for d in scores if scores[d] > 0), key=lambda d: (-scores[d], d))


def chart(query: Query, lexical: list[str], dense: list[str], weight: float, k: float) -> bytes:
    """A PNG with three columns, BM25, fused, dense: the first places of each, joined by lines, coloured by grade."""
    columns = [lexical, fuse(lexical, dense, weight, k), dense]
    figure = Figure(figsize=(9, 3.6), layout="constrained", facecolor="none")
    ax = figure.add_subplot(facecolor="none")
    for x, ranking in enumerate(columns):
        for rank, d in enumerate(ranking[:SHOWN]):
            colour = GRADE[query.qrels.get(d, 0)]
            weight_ = "normal" if colour == figures.CUT else "bold"
            ax.text(x, rank, d, ha="center", va="center", color=colour, weight=weight_)
    for left, right in ((0, 1), (1, 2)):
        for d in {*columns[left][:SHOWN], *columns[right][:SHOWN]}.intersection(columns[left], columns[right]):
            ends = [min(columns[x].index(d), SHOWN) for x in (left, right)]  # below the picture: the last line
            ax.plot([left + 0.25, right - 0.25], ends, color=GRADE[query.qrels.get(d, 0)], lw=1, alpha=0.7)
    found = [d for d in columns[1][:SHOWN] if query.qrels.get(d, 0)]
    ax.set(xlim=(-0.5, 2.5), ylim=(SHOWN + 0.3, -0.6), yticks=range(SHOWN), yticklabels=range(1, SHOWN + 1),
           title=f"{len(found)} of {len(query.qrels)}"
                 f" relevant passages in the first {SHOWN} (blue: answers, green: helps)")
    ax.set_xticks(range(3), ["BM25", f"fused, weight {weight:.2f}, k = {k}", "dense"])
    ax.grid(False)
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=100, transparent=True)
    return png.getvalue()


def explore() -> ipywidgets.VBox:
    """The widget. Embeds the corpus first, which takes about three seconds."""
    figures.style()
    ids = [p.id for p in passages()]
    similarity = (embed([q.text for q in queries()]) @ embed([p.text for p in passages()]).T).tolist()
    dense = [sorted(ids, key=dict(zip(ids, row)).get, reverse=True)[:DEPTH] for row in similarity]
    lexical = [bm25(q.text) for q in queries()]
    wide = {"style": {"description_width": "6em"}, "layout": {"width": "26em"}}
    query = ipywidgets.Dropdown(
        options=[(f"{q.kind}: {q.text}", i) for i, q in enumerate(queries())], description="query",
        style={"description_width": "6em"}, layout={"width": "52em", "max_width": "100%"})
    weight = ipywidgets.FloatSlider(0.5, min=0, max=1, step=0.05, description="weight", continuous_update=False, **wide)
    k = ipywidgets.IntSlider(60, min=1, max=200, description="k", continuous_update=False, **wide)
    image = ipywidgets.Image(format="png", layout={"max_width": "100%"})

    def redraw(_=None):
        i = query.value
        image.value = chart(queries()[i], lexical[i], dense[i], weight.value, k.value)

    for control in (query, weight, k):
        control.observe(redraw, names="value")
    redraw()
    return ipywidgets.VBox([query, ipywidgets.HBox([weight, k]), image])
