"""30-observability: the reference against the real OpenTelemetry SDK and scipy, every number of the prose recomputed."""

import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import Decision, ParentBased, TraceIdRatioBased
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes
from opentelemetry.semconv.attributes import error_attributes
from opentelemetry.trace import get_current_span, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from scipy.stats import binom, binomtest, ks_2samp, poisson

from course.sections import observability as shown
from tests.executed import experiment
from tests.reference import reference

SECTION = "30-observability"
SOURCE = Path(__file__).with_name(f"{SECTION}.py").read_text(encoding="utf-8")
PROSE = " ".join(line[1:].strip() for line in SOURCE.splitlines() if line.startswith("#"))
REF = reference(SECTION)


def says(*texts):
    for text in texts:
        assert text in PROSE, f"the prose does not say {text!r}"


# --- traces ----------------------------------------------------------------------------------------------------------

def by_the_sdk(header):
    context = get_current_span(TraceContextTextMapPropagator().extract({"traceparent": header})).get_span_context()
    return (context.trace_id, context.span_id, context.trace_flags.sampled) if context.is_valid else None


def test_headers_are_read_as_the_sdk_reads_them():
    good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    headers = [good, good.upper(), good[:-1], good + "0", good + "-x", "01" + good[2:] + "-x", "01" + good[2:], "ff" + good[2:], "cc" + good[2:-2] + "02",
               good.replace("4bf92f3577b34da6a3ce929d0e0e4736", "0" * 32), good.replace("00f067aa0ba902b7", "0" * 16), "", "x", "01" + good[2:] + "x"]
    g = np.random.default_rng(0)
    for _ in range(300):  # one character changed
        i, c = int(g.integers(0, 55)), str(g.choice(list("0123456789abcdefABCDEFg-_+x")))
        headers.append(good[:i] + c + good[i + 1:])
    for header in headers:
        assert REF["parse_traceparent"](header) == by_the_sdk(header), header


def test_decisions_are_the_sdk_s():
    g = np.random.default_rng(1)
    for rate in (0.0, 1.0, 0.5, 0.1, 1 / 3, 1e-3, 1e-9, *g.random(10).tolist()):
        sampler = TraceIdRatioBased(rate)
        for _ in range(60):
            trace = int.from_bytes(g.bytes(16), "big")
            for i in (trace, (trace >> 64 << 64) + min(sampler.bound, 2**64 - 1)):
                want = sampler.should_sample(None, i, "x").decision is Decision.RECORD_AND_SAMPLE
                assert REF["trace_sampled"](i, rate) == want
                if rate > 0.1 and REF["trace_sampled"](i, 0.1):
                    assert want  # monotone


@pytest.mark.parametrize("incoming", [None, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "rubbish",
                                      "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"])
@pytest.mark.parametrize("rate", [0.0, 0.3, 1.0])
def test_a_span_goes_on_as_in_the_sdk(incoming, rate):
    """The header that the SDK sends for a span of a service with a parent-based sampler."""
    tracer = TracerProvider(sampler=ParentBased(TraceIdRatioBased(rate)), id_generator=shown.Ids(5)).get_tracer("x")
    for _ in range(20):
        context = TraceContextTextMapPropagator().extract({"traceparent": incoming} if incoming else {})
        span = tracer.start_span("request", context)
        own, carrier = span.get_span_context(), {}
        TraceContextTextMapPropagator().inject(carrier, set_span_in_context(span))
        sent, parent = REF["continue_trace"](incoming, own.trace_id, own.span_id, rate)
        assert sent == carrier["traceparent"]
        known = REF["parse_traceparent"](incoming)
        assert parent == (known[1] if known else None)


@pytest.mark.parametrize("flags, sent", [(None, "03"), ("03", "03"), ("fe", "02"), ("01", "01")])
def test_the_sdk_knows_one_flag_more(flags, sent):
    """02, "this id is random": set by its own generator, kept from a caller; all others are dropped."""
    incoming = {"traceparent": f"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-{flags}"} if flags else {}
    span, carrier = TracerProvider().get_tracer("x").start_span("request", TraceContextTextMapPropagator().extract(incoming)), {}
    TraceContextTextMapPropagator().inject(carrier, set_span_in_context(span))
    assert carrier["traceparent"][-2:] == sent
    says('"this id is random"')


def test_sampling():
    assert [round(1 - (1 - r) ** 20, 2) for r in (0.01, 0.1)] == [0.18, 0.88] and 0.1**4 == pytest.approx(1e-4)
    says("at 1 % it catches at least one of 20 failures with probability 0.18, at 10 % with 0.88", "once in 10,000",
         "1 − 0.99^20 = 0.18", "leaves one whole trace in 10,000")
    coin, by_id = shown.whole(REF["trace_sampled"], 0.1, 4)
    assert coin < 0.001 and by_id == pytest.approx(0.1, abs=0.02)


def test_the_sdk_s_spans_are_siblings():
    spans = shown.one_trace()
    tree, names = REF["span_tree"](spans), {s["id"]: s for s in spans}
    assert [depth for _, depth in tree["order"]] == [0] + [1] * 6 and not tree["orphans"] + tree["cyclic"] + tree["outside"]
    assert sum(tree["self"].values()) < sum(s["end"] - s["start"] for s in spans)
    assert names[max(tree["self"], key=tree["self"].get)]["name"] == "tool b"  # not the longest bar, the request
    assert names[tree["order"][0][0]]["name"] == "request"
    says("The sum of the durations is 3 + 4 + 2 + 4 = 13, and 10 − 13 is −3")
    child = REF["span"]
    own = REF["span_tree"]([child(0), child(1, 0, 1, 4), child(2, 0, 2, 6), child(3, 0, 3, 5), child(4, 0, 8, 12)])["self"]
    assert own[0] == 3


@pytest.mark.parametrize("seed", range(6))
def test_self_times_by_a_mask_of_nanoseconds(seed):
    g = np.random.default_rng(seed)
    spans = [REF["span"](0, None, 0, 200)]
    for i in range(1, 25):
        a = int(g.integers(-10, 190))
        spans.append(REF["span"](i, int(g.integers(0, i)), a, a + int(g.integers(0, 60))))
    own = REF["span_tree"](spans)["self"]
    for s in spans:
        free = np.ones(max(s["end"] - s["start"], 0), dtype=bool)
        for c in spans:
            if c["parent"] == s["id"] and c["id"] != 0:
                free[max(c["start"] - s["start"], 0):max(c["end"] - s["start"], 0)] = False
        assert own[s["id"]] == free.sum()


# --- attributes ------------------------------------------------------------------------------------------------------

def test_the_constants_of_the_conventions():
    call = {"operation": "chat", "provider": "p", "model": "m", "response_model": "m", "max_tokens": 1, "temperature": 0.0,
            "finish_reasons": "stop", "input_tokens": 70, "cache_read_tokens": 400, "cache_write_tokens": 30, "output_tokens": 90,
            "reasoning_tokens": 20, "error": ("E", "text"), "messages": [], "answer": ""}
    name, found = REF["genai_attributes"](call, True)
    known = {v for v in vars(gen_ai_attributes).values() if isinstance(v, str) and v.startswith("gen_ai.")}
    assert set(found) - known <= {error_attributes.ERROR_TYPE} and name == "chat m" and len(found) == 15
    parts = [found[f"gen_ai.usage.{n}"] for n in ("input_tokens", "output_tokens", "cache_read.input_tokens",
                                                  "cache_creation.input_tokens", "reasoning.output_tokens")]
    assert parts[0] == 500 and sum(parts) == 1040 and sum(parts[:2]) == 590
    says("five counts 1,040 tokens in place of 590")
    assert {"gen_ai.system", "gen_ai.prompt", "gen_ai.completion"} <= known  # still there, and deprecated
    assert "gen_ai.conversation.id" in known
    assert json.loads(found["gen_ai.output.messages"]) == [{"role": "assistant", "content": ""}]
    assert len(REF["genai_attributes"]({"operation": "chat", "provider": "p", "model": "m", "max_tokens": 9})[1]) == 4
    path = Path(gen_ai_attributes.__file__).read_text(encoding="utf-8")
    assert "semantic-conventions-genai" in path and "Replaced by `gen_ai.provider.name`" in path
    assert path.count("Removed, no replacement at this time") >= 2


# --- quantiles -------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("alpha", [0.01, 0.1, 0.4])
def test_sketches_against_numpy(alpha):
    g = np.random.default_rng(0)
    parts = [np.exp(g.normal(m, 2, n)) for m, n in ((0, 300), (3, 40), (-5, 900))]
    merged = REF["merge_sketches"]([REF["sketch"](p.tolist(), alpha) for p in parts])
    for q in (0, 0.01, 0.3, 0.5, 0.9, 0.99, 1):
        true = np.quantile(np.concatenate(parts), q, method="lower")
        assert abs(REF["quantile"](merged, q) - true) <= alpha * true * (1 + 1e-9)


def test_numbers_of_the_sketch():
    step = math.log(1.01 / 0.99)
    assert math.ceil(math.log(1e9) / step) - math.ceil(math.log(1e-9) / step) + 1 == 2074
    third = REF["sketch"]([0, 1.5, 7, 7.5], 1 / 3)
    assert third == {"alpha": 1 / 3, "zero": 1, "buckets": {1: 1, 3: 2}}
    assert REF["quantile"](third, 0.5) == pytest.approx(4 / 3) and abs(4 / 3 - 1.5) / 1.5 == pytest.approx(1 / 9)
    says("in 2,074 buckets", "2 · 2 / 3 = 1.333", "is off by a ninth", "2,074 buckets at most")


def test_four_hosts():
    names = REF["sketch"], REF["merge_sketches"], REF["quantile"]
    found = [shown.p99s(*names, share) for share in (0.005, 0.4)]
    assert [f"{mean:.2f}" for _, mean, _, _ in found] == ["2.71", "3.18"]
    assert [f"{true:.2f}" for *_, true in found] == ["1.69", "6.58"]
    assert all(abs(merged - true) <= 0.01 * true for _, _, merged, true in found)
    says("the mean is 2.71 s where the truth is 1.69 s, and 3.18 s where it is 6.58 s")


# --- alerts ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("z, confidence", [(1.959963984540054, 0.95), (1.6448536269514722, 0.9)])
def test_wilson_is_scipy_s(z, confidence):
    for k, n in [(0, 9), (5, 10), (9, 60), (60, 60), (31, 1000)]:
        want = binomtest(k, n).proportion_ci(confidence, method="wilson").low
        assert REF["wilson_lower"](k, n, z) == pytest.approx(want, abs=1e-9)
    assert round(REF["wilson_lower"](5, 10, 1.96), 4) == 0.2366 and round(REF["wilson_lower"](9, 60, 1.64), 3) == 0.090
    assert round(REF["wilson_lower"](4, 60, 1.64), 2) == 0.03


def test_the_naive_alert():
    fires = {n: binom.sf(n // 20, n, 0.03) for n in (20, 50, 1000)}
    assert {n: round(p, 2) for n, p in fires.items() if n < 1000} == {20: 0.12, 50: 0.19}
    assert round(100 * fires[1000], 2) == 0.02 and round(168 * fires[50]) == 32
    says("it fires in 19 % of all hours, with 20 in 12 %, with 1,000 in 0.02 %", "about 32 of 168 hours")


def test_the_judge_s_rate():
    read = 0.8 * 0.03 + 0.1 * 0.97
    assert round(100 * read, 1) == 12.1 and (read + 0.9 - 1) / (0.8 + 0.9 - 1) == pytest.approx(0.03)
    says("reads 12.1 % where the truth is 3 %", "turn 3 % into 12.1 %")


# --- drift -----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("seed", range(4))
def test_ks_is_scipy_s(seed):
    g = np.random.default_rng(seed)
    a, b = g.integers(0, 30, 200).tolist(), g.normal(14, 9, 77).round(0).tolist()
    assert REF["drift"](a, b)[1] == pytest.approx(ks_2samp(a, b).statistic, abs=1e-12)


def test_psi_of_nothing():
    """About (B - 1)(1 / n + 1 / m); as often above 0.1 as the picture says."""
    for n, expected in ((100, 0.18), (1000, 0.018)):
        assert 9 * (2 / n) == pytest.approx(expected)
        assert shown.psi_of(REF["drift"], n, 0.0, 200).mean() == pytest.approx(expected, rel=0.15)
    found = shown.psi_of(REF["drift"], 100, 0.0)
    assert (found > 0.1).mean() > 0.5  # "most of the time"
    says("0.18 for ten bins and 100 against 100", "is crossed most of the time, though nothing has changed")
    psi, ks = REF["drift"]([1, 2, 3, 4], [3, 4, 5, 6], bins=2)
    assert (round(psi, 3), ks) == (4.604, 0.5) and round((0.0001 - 0.5) * math.log(0.0002), 3) == 4.258
    assert round(0.5 * math.log(2), 3) == 0.347


# --- the board, the experiment ---------------------------------------------------------------------------------------

def test_the_day():
    spans = shown.a_day()
    rows, lost = REF["watch"](spans, shown.HOUR, 0.01, shown.SETTINGS)
    assert not lost and [r["firing"] for r in rows] == [h >= 14 for h in range(24)]
    assert sum(r["n"] for r in rows) == pytest.approx(1450, abs=50)
    assert [r["slowest"] for r in rows] == ["chat small-1"] * 18 + ["retrieve"] * 6
    assert min(r["p99"] for r in rows[18:]) > max(r["p99"] for r in rows[:18])


def test_example_of_the_board():
    span, s = REF["span"], 1
    rows, _ = REF["watch"]([span(1, None, 2, 9, "request"), span(2, 1, 3, 8, "model"), span(1, None, 8, 31, "request", trace=2)],
                           10 * s, 0.01, (0.5, 0.1, 1, 0.0, 1))
    assert [r["n"] for r in rows] == [1, 0, 0, 1] and [r["slowest"] for r in rows] == ["model", None, None, "request"]


DESIGNS = {"point": (1, (0.05, 0.05, 1, 0.0, 1)), "Wilson": (1, (0.05, 0.03, 20, 1.64, 1)),
           "Wilson 6 h": (6, (0.05, 0.03, 20, 1.64, 1)), "Wilson twice": (1, (0.05, 0.03, 20, 1.64, 2))}


def hours_until(alert, window, answers):
    """Written anew."""
    for i in itertools.count(1):
        part = list(itertools.islice(answers, window))
        if alert.step(sum(k for k, _ in part), sum(n for _, n in part)):
            return i * window


@pytest.mark.parametrize("seed", range(4))
def test_the_order_holds_over_seeds(seed):
    hours = [shown.delays(hours_until, REF["Alert"], d, 10 + seed, 250).mean() for d in DESIGNS.values()]
    assert hours[0] * 1.5 < hours[1] and hours[1] * 1.5 < hours[2] and hours[2] * 1.3 < hours[3]


def chance(mean, rate):
    """That one window of about `mean` answers fires."""
    lower, total = REF["wilson_lower"], 0.0
    for n in range(20, int(mean + 8 * math.sqrt(mean))):
        k = next((k for k in range(n + 1) if lower(k, n, 1.64) > 0.05), n + 1)
        total += poisson.pmf(n, mean) * binom.sf(k - 1, n, rate)
    return total


def test_false_alarms_of_the_last_two_are_too_rare_to_compare():
    """Expected in 100 weeks: less than one each."""
    hour, six = chance(60, 0.03), chance(360, 0.03)
    assert 0.5 < 100 * 168 * hour**2 < 1.2 and 100 * 28 * six < 0.5
    assert 0.28 < chance(60, 0.08) < 0.34  # "one hour in three"
    says("once in the 100 weeks, or never", "about one window in twenty fires", "gone in 30 / 14.4 = 2.1 days")
    assert round(30 / 14.4, 1) == 2.1
    lower = REF["wilson_lower"]
    for n in (200, 1000, 5000):
        k = next(k for k in range(n + 1) if lower(k, n, 1.64) > 0.05)
        assert binom.sf(k - 1, n, 0.05) == pytest.approx(0.05, abs=0.01)


def test_in_the_middle_of_a_window():
    """An incident that begins at a random hour of a window of six."""
    g, found = np.random.default_rng(0), {}
    for name, late in (("begin", False), ("middle", True)):
        hours = []
        for _ in range(1500):
            calm, alert, spent = int(g.integers(0, 6)) if late else 0, REF["Alert"](0.05, 0.03, 20, 1.64, 1), 0
            while True:
                n = g.poisson(60, 6)
                k = g.binomial(n, np.where(np.arange(6) < calm, 0.03, 0.08))
                spent, calm = spent + 6 - calm, 0
                if alert.step(int(k.sum()), int(n.sum())):
                    break
            hours.append(spent)
        found[name] = np.mean(hours)
    assert found["middle"] - found["begin"] == pytest.approx(1.5, abs=0.5)
    says("six hours need about an hour and a half more")


def test_the_experiment_shows_the_prediction():
    table = experiment(SECTION)["table"]
    assert sorted(table, key=table.get) == REF["prediction"] == list(DESIGNS)


def test_tail_sampling():
    """On the SDK's own traces: its sampler keeps those that the learner's keeps; the tail's failure rate is far too high."""
    def kept(trace, failed, seconds):
        return failed or seconds > 5 or REF["trace_sampled"](trace, 0.1)
    rules = shown.sampling(kept, REF["trace_sampled"])
    assert rules["the SDK's sampler"] == rules["your head sampling"]
    assert rules["tail sampling"][1] == 1 and rules["your head sampling"][1] < 0.2
    assert rules["tail sampling"][2] > 2.5 * rules["all"][2]
    roots = [s for s in shown.a_day() if s["parent"] is None]
    weights = [1 if s["error"] or s["end"] - s["start"] > 5 * shown.SECOND else 10 for s in roots
               if kept(s["trace"], s["error"], (s["end"] - s["start"]) / 1e9)]
    failed = sum(s["error"] for s in roots)
    assert failed / sum(weights) == pytest.approx(rules["all"][2], rel=0.15)  # with weights it is right again
    assert rules["tail, with weights"][2] == pytest.approx(failed / sum(weights))
    assert 0.25 < rules["tail sampling"][2] < 0.4 and round(rules["all"][2], 2) == 0.07
    says("In part 9 a third of what it keeps are failures, where 7 % of the requests failed")
