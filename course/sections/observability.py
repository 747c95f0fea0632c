"""Section 30: traces recorded by the real OpenTelemetry SDK, quantiles of four hosts, alerts, drift, a board."""

import functools
import itertools
import math
from collections.abc import Callable, Sequence

import ipywidgets
import numpy as np
from matplotlib.figure import Figure
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import Decision, TraceIdRatioBased
from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer, set_span_in_context

from .. import figures

SECOND, HOUR = 10**9, 3600 * 10**9
DAY = 1_764_201_600 * SECOND  # 2025-11-27, 0 o'clock UTC

# --- the real SDK ----------------------------------------------------------------------------------------------------


class Ids(IdGenerator):
    """Trace and span ids of a seed, so that a picture looks the same twice."""

    def __init__(self, seed: int):
        self.g = np.random.default_rng(seed)

    def generate_span_id(self) -> int:
        return int.from_bytes(self.g.bytes(8), "big") or 1

    def generate_trace_id(self) -> int:
        return int.from_bytes(self.g.bytes(16), "big") or 1


def recorder(seed: int) -> tuple[Tracer, InMemorySpanExporter]:
    """A tracer of the SDK, and where its spans end up."""
    provider, memory = TracerProvider(id_generator=Ids(seed)), InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(memory))
    return provider.get_tracer("course"), memory


def read_back(spans: Sequence[ReadableSpan]) -> list[dict]:
    """Exported spans as the section's dicts, in the order in which they ended."""
    return [{"trace": s.context.trace_id, "id": s.context.span_id, "parent": s.parent.span_id if s.parent else None,
             "name": s.name, "start": s.start_time, "end": s.end_time,
             "error": s.status.status_code is StatusCode.ERROR}
            for s in spans]


def serve(tracer: Tracer, g: np.random.Generator, start: int, fails: float, slow: float) -> None:
    """One request of an agent: retrieval, a model, three tools at once, the model again: siblings."""
    def seconds(mean: float) -> int:
        return int(mean * SECOND * np.exp(0.5 * g.standard_normal()))

    def work(name: str, begin: int, length: int, kind: SpanKind = SpanKind.INTERNAL, error: bool = False) -> int:
        child = tracer.start_span(name, set_span_in_context(root), start_time=begin, kind=kind)
        if error:
            child.set_status(Status(StatusCode.ERROR))
        child.end(begin + length)
        return begin + length
    root = tracer.start_span("request", start_time=start)
    now = work("retrieve", start + seconds(0.02), seconds(0.15 * slow))
    now = work("chat small-1", now + seconds(0.01), seconds(0.5), SpanKind.CLIENT)
    tools = [now + seconds(0.02) for _ in range(3)]
    now = max(work(f"tool {name}", begin, seconds(0.6), error=g.random() < 0.1) for name,
              begin in zip("abc", tools))
    now = work("chat small-1", now + seconds(0.01), seconds(0.7), SpanKind.CLIENT)
    if g.random() < fails:
        root.set_status(Status(StatusCode.ERROR))
    root.end(now + seconds(0.03))


@functools.lru_cache(maxsize=2)
def a_day(seed: int = 0, each: int = 60) -> tuple[dict, ...]:
    """A day of traffic: from 14 o'clock on 12 % fail, from 18 on retrieval takes ten times as long."""
    tracer, memory = recorder(seed)
    g = np.random.default_rng(seed)
    for hour in range(24):
        for _ in range(g.poisson(each)):
            serve(tracer, g, DAY + hour * HOUR + int(g.integers(0, HOUR)), 0.03 if hour < 14 else 0.12,
                  1 if hour < 18 else 10)
    return tuple(read_back(memory.get_finished_spans()))


# --- pictures --------------------------------------------------------------------------------------------------------

def whole(trace_sampled: Callable, rate: float, services: int, count: int = 5000, seed: int = 0) -> tuple[float,
                                                                                                          float]:
    """The share of requests that are whole: with a coin for each service, and by the id."""
    g = np.random.default_rng(seed)
    coins = (g.random((count, services)) < rate).all(1).mean()
    ids = [int.from_bytes(g.bytes(16), "big") for _ in range(count)]
    return float(coins), float(np.mean([all(trace_sampled(i, rate) for _ in range(services)) for i in ids]))


@figures.picture
def whole_traces(trace_sampled: Callable) -> Figure:
    """Whole traces against the number of services, at two rates."""
    services = (1, 2, 3, 4)
    figure, axes = figures.subplots(1, 2, figsize=(8.5, 2.8))
    for ax, rate in zip(axes, (0.5, 0.1)):
        shares = [whole(trace_sampled, rate, n) for n in services]
        for x, (coin, by_id) in zip(services, shares):
            for dx, value, color in [(-0.2, coin, figures.CUT), (0.2, by_id, figures.KEPT)]:
                ax.bar(x + dx, value, 0.38, color=color)
                ax.text(x + dx, value + 0.02 * rate, f"{value:.3f}", ha="center", fontsize=8)
        ax.set(title=f"rate {rate}", xlabel="services that a request passes", xticks=services,
               ylim=(0, 1.25 * rate))
    axes[0].set_ylabel("share of whole traces")
    axes[0].bar(1, 0, color=figures.CUT, label="a coin in each")
    axes[0].bar(1, 0, color=figures.KEPT, label="your function")
    axes[0].legend(fontsize=8, loc="upper right", ncols=2, bbox_to_anchor=(1.0, 1.02))
    return figure


def one_trace(seed: int = 3) -> list[dict]:
    """The spans of a single request."""
    tracer, memory = recorder(seed)
    serve(tracer, np.random.default_rng(seed), DAY, 0.0, 1)
    return read_back(memory.get_finished_spans())


@figures.picture
def waterfall(span_tree: Callable) -> Figure:
    """Durations and self times of one request."""
    spans = one_trace()
    tree, by_id = span_tree(spans), {s["id"]: s for s in spans}
    figure, ax = figures.subplots(figsize=(8.5, 2.8))
    for y, (i, _) in enumerate(tree["order"]):
        s = by_id[i]
        start, length, own = ((s["start"] - DAY) / SECOND, (s["end"] - s["start"]) / SECOND,
                              tree["self"][i] / SECOND)
        ax.barh(y, length, left=start, height=0.62, color=figures.CUT, alpha=0.6)
        ax.barh(y, own, left=start, height=0.62, color=figures.KEPT)
        ax.text(start + length + 0.03, y, f"self {own:.2f} s", va="center", fontsize=8)
    last = max(s["end"] for s in spans)
    ax.set(xlabel="seconds since the request began", xlim=(0, 1.2 * (last - DAY) / SECOND),
           yticks=range(len(tree["order"])))
    ax.set_yticklabels(["– " * depth + by_id[i]["name"] for i, depth in tree["order"]])
    ax.invert_yaxis()
    ax.grid(axis="y", visible=False)
    return figure


def hosts(slow_share: float, seed: int = 0, count: int = 8000) -> list[np.ndarray]:
    """Seconds of requests on four hosts, of which the last is five times as slow."""
    g = np.random.default_rng(seed)
    sizes = [int(count * (1 - slow_share) / 3)] * 3 + [int(count * slow_share)]
    return [np.exp(g.normal(math.log(0.4 * (5 if h == 3 else 1)), 0.6, n)) for h, n in enumerate(sizes)]


def p99s(sketch: Callable, merge: Callable, quantile: Callable, slow_share: float) -> tuple[list[float], float,
                                                                                            float, float]:
    """(each host's p99, their mean, the merged sketch's, the true one)."""
    found = hosts(slow_share)
    sketches = [sketch(h.tolist(), 0.01) for h in found]
    each = [quantile(s, 0.99) for s in sketches]
    every = np.sort(np.concatenate(found))
    return each, float(np.mean(each)), quantile(merge(sketches),
                                                0.99), float(every[math.floor(0.99 * (len(every) - 1))])


@figures.picture
def host_percentiles(sketch: Callable, merge: Callable, quantile: Callable) -> Figure:
    """Four hosts' p99, their mean, the merged sketch and the truth, for two loads of the slow host."""
    figure, axes = figures.subplots(1, 2, figsize=(8.5, 2.9), sharex=True)
    for ax, share in zip(axes, (0.005, 0.4)):
        each, mean, merged, true = p99s(sketch, merge, quantile, share)
        names = [f"host {i}" for i in range(1, 5)] + ["their mean", "merged sketch", "all requests"]
        colors = [figures.CUT] * 4 + [figures.WRONG, figures.KEPT, figures.INK]
        bars = ax.barh(names, [*each, mean, merged, true], color=colors)
        ax.bar_label(bars, [f"{v:.2f}" for v in [*each, mean, merged, true]], padding=3, color=figures.INK,
                     fontsize=8)
        ax.set(title=f"host 4 has {100 * share:g} % of the requests", xlabel="p99, seconds", xlim=(0, 10.5))
        ax.invert_yaxis()
        ax.grid(axis="y", visible=False)
    axes[1].set_yticklabels([])
    return figure


def binomial(n: int, p: float) -> np.ndarray:
    """The probability of each k from 0 to n."""
    k = np.arange(n + 1)
    logs = np.array([math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1) for i in k])
    return np.exp(logs + k * math.log(p) + (n - k) * math.log1p(-p))


def starts(Alert: Callable, n: int, z: float, threshold: float = 0.05) -> np.ndarray:
    """Whether one window with k of n starts an alert, for each k."""
    return np.array([Alert(threshold, threshold, 1, z, 1).step(k, n) for k in range(min(n, 250) + 1)]
                    + [True] * max(n - 250, 0))


@figures.picture
def chances_to_fire(Alert: Callable) -> Figure:
    """The chance that a window fires against the true rate."""
    rates = np.linspace(0.005, 0.15, 50)
    figure, ax = figures.subplots(figsize=(8, 3))
    for n, color in zip((50, 200, 1000), figures.PALETTE):
        for z, style in ((0.0, "--"), (1.64, "-")):
            fires = starts(Alert, n, z)
            ax.plot(100 * rates, [binomial(n, p) @ fires for p in rates], style, color=color,
                    label=f"n = {n}, {'point estimate' if z == 0 else 'Wilson, z = 1.64'}")
    ax.axvline(5, color=figures.INK, lw=1, ls=":")
    ax.set(xlabel="true rate of bad answers, %", ylabel="the window fires", ylim=(0, 1.02))
    ax.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def psi_of(drift: Callable, n: int, shift: float, pairs: int = 40, seed: int = 0) -> np.ndarray:
    """The PSI of pairs of normal samples of size n each."""
    g = np.random.default_rng(seed)
    return np.array([drift(g.normal(0, 1, n).tolist(), g.normal(shift, 1, n).tolist())[0] for _ in range(pairs)])


@figures.picture
def noise_of_psi(drift: Callable) -> Figure:
    """PSI against the sample size, without and with a shift."""
    sizes = (50, 100, 200, 500, 1000, 3000)
    figure, ax = figures.subplots(figsize=(8, 2.9))
    for shift, color, label in ((0.0, figures.CUT, "one distribution"), (0.25, figures.KEPT, "shifted by 0.25")):
        found = [psi_of(drift, n, shift) for n in sizes]
        ax.plot(sizes, [f.mean() for f in found], "o-", color=color, label=label)
        ax.fill_between(sizes, [np.quantile(f, 0.1) for f in found], [np.quantile(f, 0.9) for f in found],
                        color=color, alpha=0.25)
    for line in (0.1, 0.25):
        ax.axhline(line, color=figures.INK, lw=1, ls=":")
    ax.set(xscale="log", xlabel="values in each sample", ylabel="PSI (line: mean, band: 10 to 90 %)", ylim=(0, 0.6))
    ax.set_xticks(sizes, [str(n) for n in sizes])
    ax.minorticks_off()
    ax.legend()
    return figure


SETTINGS = (0.05, 0.03, 20, 1.64, 1)


@figures.picture
def dashboard(watch: Callable) -> Figure:
    """A day's board: failures and alert, latencies, and what took the time."""
    rows, lost = watch(a_day(), HOUR, 0.01, SETTINGS)
    hours = [r["window"] - DAY // HOUR for r in rows]
    figure, (top, low) = figures.subplots(2, 1, figsize=(8.5, 4.4), sharex=True)
    top.bar(hours, [100 * r["failed"] / max(r["n"], 1) for r in rows],
            color=[figures.WRONG if r["firing"] else figures.CUT for r in rows])
    top.axhline(100 * SETTINGS[0], color=figures.INK, lw=1, ls=":")
    top.set(ylabel="failed, %", title="failed requests (coloured: the alert fires)")
    low.plot(hours, [r["p50"] for r in rows], "o-", ms=3, color=figures.KEPT, label="p50")
    low.plot(hours, [r["p99"] for r in rows], "o-", ms=3, color=figures.PALETTE[1], label="p99")
    for name, run in itertools.groupby(zip(hours, rows), key=lambda pair: pair[1]["slowest"]):
        ends = [x for x, _ in run]
        low.axvspan(ends[0] - 0.5, ends[-1] + 0.5, ymin=0.9, alpha=0.2, lw=0,
                    color=figures.PALETTE[2] if name == "retrieve" else figures.CUT)
        low.text((ends[0] + ends[-1]) / 2, 0.95, name, ha="center", va="center", fontsize=8,
                 transform=low.get_xaxis_transform())
    low.set(ylabel="seconds", ylim=(0, 10.5), xlabel="hour",
            title="latency (strip: the work with the most self time)")
    low.legend(loc="upper left", ncols=2, bbox_to_anchor=(0.0, 0.9))
    top.set_xticks(range(0, 24, 2))
    return figure


# --- the experiment --------------------------------------------------------------------------------------------------

def answers(g: np.random.Generator, rate: float, each: int = 60):
    """(bad, checked) of one hour after another."""
    while True:
        n = int(g.poisson(each))
        yield int(g.binomial(n, rate)), n


def delays(hours_until: Callable, Alert: Callable, design: tuple[int, tuple], seed: int,
           incidents: int = 400) -> np.ndarray:
    """Hours until an alert, after the rate went to 8 %."""
    g = np.random.default_rng(seed)
    return np.array([hours_until(Alert(*design[1]), design[0], answers(g, 0.08)) for _ in range(incidents)])


def false_alarms(Alert: Callable, design: tuple[int, tuple], seed: int, weeks: int = 100) -> float:
    """Alerts a week while the rate is 3 %."""
    g, (hours, settings), count, was = np.random.default_rng(seed), design, 0, False
    stream, alert = answers(g, 0.03), Alert(*settings)
    for _ in range(weeks * 168 // hours):
        parts = [next(stream) for _ in range(hours)]
        now = alert.step(sum(k for k, _ in parts), sum(n for _, n in parts))
        count, was = count + (now and not was), now
    return count / weeks


def sampling(kept: Callable, trace_sampled: Callable) -> dict[str, tuple[float, float, float]]:
    """By rule, on the SDK's day: (share kept, share of the failed ones kept, failure rate among the kept)."""
    roots = [s for s in a_day() if s["parent"] is None]
    failed = np.array([s["error"] for s in roots])
    own = [TraceIdRatioBased(0.1).should_sample(None, s["trace"], "request").decision for s in roots]
    rules = {"all": np.ones(len(roots), dtype=bool),
             "the SDK's sampler": np.array([decision is Decision.RECORD_AND_SAMPLE for decision in own]),
             "your head sampling": np.array([trace_sampled(s["trace"], 0.1) for s in roots]),
             "tail sampling": np.array([kept(s["trace"], s["error"], (s["end"] - s["start"]) / SECOND)
                                        for s in roots])}
    found = {name: (rule.mean(), rule[failed].mean(), failed[rule].mean()) for name, rule in rules.items()}
    slow = np.array([s["end"] - s["start"] > 5 * SECOND for s in roots])
    weights, tail = np.where(failed | slow, 1, 10), rules["tail sampling"]
    again = (weights * failed)[tail].sum() / weights[tail].sum()
    return {**found, "tail, with weights": (*found["tail sampling"][:2], again)}


@figures.experiment
def incidents(designs: dict[str, tuple[int, tuple]], hours_until: Callable, Alert: Callable, kept: Callable,
              trace_sampled: Callable, prediction: list[str] | None) -> dict[str, float]:
    """Hours until detection and false alarms a week of four designs; head against tail."""
    found = {name: delays(hours_until, Alert, design, 0) for name, design in designs.items()}
    alarms = {name: false_alarms(Alert, design, 1) for name, design in designs.items()}
    figure, ax = figures.subplots(figsize=(8, 2.8))
    for (name, hours), color in zip(found.items(), figures.PALETTE):
        steps = np.arange(0, 49)
        ax.plot(steps, [(hours <= h).mean() for h in steps], color=color,
                label=f"{name}: {100 * alarms[name]:.0f} false in 100 weeks")
    ax.set(xlabel="hours since the rate went from 3 % to 8 %", ylabel="share of incidents found", ylim=(0, 1.02))
    ax.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    figures.show(figure)
    print(f"{'design':24}{'hours until it fires':>24}{'false alarms in 100 weeks':>28}")
    for name, hours in found.items():
        half = 1.96 * hours.std() / math.sqrt(len(hours))
        print(f"{name:24}{hours.mean():14.1f} +- {half:<6.1f}{100 * alarms[name]:>28.0f}")
    order = sorted(found, key=lambda name: found[name].mean())
    print(f"Quickest first: {', '.join(order)}.\nYou predicted:  {', '.join(prediction or [])}.")
    print("Two in a row multiply their chances: with one hour in three bad enough, one waits for a pair.\n"
          "Six hours in one window add their evidence: the interval gets narrower.")
    print(f"\n{'traces of the day, by':24}{'kept':>10}{'of the failed':>16}{'failed among the kept':>24}")
    for name, (share, caught, among) in sampling(kept, trace_sampled).items():
        print(f"{name:24}{100 * share:8.1f} %{100 * caught:14.0f} %{100 * among:22.1f} %")
    return {name: float(hours.mean()) for name, hours in found.items()}


# --- the widget ------------------------------------------------------------------------------------------------------

@figures.widget
def widget(wilson_lower: Callable) -> ipywidgets.Widget:
    """Traffic, threshold and z in your hand."""
    def draw(n: int, threshold: float, z: float, worse: float) -> tuple[Figure, str]:
        fires = np.array([wilson_lower(k, n, z) > threshold / 100 for k in range(n + 1)])
        rates = np.linspace(0.005, 0.2, 60)
        figure, ax = figures.subplots(figsize=(6, 2.8))
        ax.plot(100 * rates, [binomial(n, p) @ fires for p in rates], color=figures.KEPT)
        ax.axvline(threshold, color=figures.INK, lw=1, ls=":")
        for rate, color in ((3, figures.CUT), (worse, figures.WRONG)):
            ax.plot([rate], [binomial(n, rate / 100) @ fires], "o", color=color)
        ax.set(xlabel="true rate of bad answers, %", ylabel="an hour fires", ylim=(0, 1.02))
        false, hit = binomial(n, 0.03) @ fires, binomial(n, worse / 100) @ fires
        return figure, (f"At 3 % about {168 * false:.2f} hours of a week fire. At {worse:.0f} % it takes "
                        f"{'more than 1000' if hit < 0.001 else f'{1 / hit:.1f}'} hours on average until one does.")
    return figures.board({"n": ipywidgets.IntSlider(60, min=10, max=500, step=10, description="answers/h"),
                          "threshold": ipywidgets.FloatSlider(5, min=1, max=15, step=0.5,
                                                              description="threshold, %"),
                          "z": ipywidgets.FloatSlider(1.64, min=0, max=4, step=0.1, description="z"),
                          "worse": ipywidgets.FloatSlider(8, min=4, max=20, step=1, description="worse, %")}, draw)
