# %% [markdown]
# # 30 · Observability
#
# After this section you can answer, with numbers and with code that you wrote:
#
# - What is a trace, how does one request keep its id across services, and who decides whether it is kept?
# - Where did the seconds of a request go, and what may a span say about the text that went through it?
# - Why can nobody average percentiles, and what can be merged in their place?
# - When may an alert wake somebody, and when has traffic drifted rather than wobbled?
#
# Eight exercises. The last reads raw spans and writes the board that a person on call looks at. It takes about
# three hours; the end of part 4 is a good place to stop. It builds on no other section. What a call costs is
# section 27's matter, the agreement of judges is 15's, and how a judge's rate is corrected is 21's.

# %% [markdown] house_rules

# %% [markdown]
# **Letters.** N requests, k of them bad, q a quantile between 0 and 1, α a relative error, z a number of
# standard deviations. **Units.** Times of spans are whole **nanoseconds** (ns) since 1970, as OpenTelemetry
# (the open standard for traces and metrics, with libraries for many languages) keeps them; durations on a board
# are seconds.

# %% setup
import json
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from course.check import check, committed, expect, fresh, predicted, raises, steps, unchanged

SECOND = 10**9


def span(id, parent=None, start=0, end=10, name="step", trace=1, error=False) -> dict:
    "A span as it is read back from an exporter; times in ns."
    return {"trace": trace, "id": id, "parent": parent, "name": name, "start": start, "end": end,
            "error": error}


# %% tags=["picture"]
from course.sections import observability

# %% helper
### BEGIN HIDDEN TESTS
import bisect

HEX = "0123456789abcdef"
GOOD = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7")


def header(trace=GOOD[0], parent=GOOD[1], flags="01", version="00", more=""):
    "A traceparent by its parts."
    return f"{version}-{trace}-{parent}-{flags}{more}"


def traceparent(text):
    "The oracle of parse_traceparent, one character at a time."
    if text is None or len(text) < 55:
        return None
    for i, c in enumerate(text[:55]):
        if c not in ("-" if i in (2, 35, 52) else HEX):
            return None
    if text[:2] == "ff" or text[3:35] == "0" * 32 or text[36:52] == "0" * 16:
        return None
    if len(text) > 55 and (text[:2] == "00" or text[55] != "-"):
        return None
    number = 0
    for c in text[3:35]:
        number = 16 * number + HEX.index(c)
    return number, sum(HEX.index(c) * 16**(15 - i) for i, c in enumerate(text[36:52])), HEX.index(text[54]) % 2 == 1


def covered(intervals):
    "The length of a union of intervals of whole numbers, by sweeping over its ends."
    marks = sorted({x for pair in intervals for x in pair})
    return sum(b - a for a, b in zip(marks, marks[1:]) if any(s <= a and b <= e for s, e in intervals))


def tree_of(spans):
    "The oracle of span_tree: levels, not recursion."
    by = {s["id"]: s for s in spans}
    tops = [s for s in spans if s["parent"] is None or s["parent"] not in by]
    kids = {i: [] for i in by}
    for s in spans:
        if s["parent"] is not None and s["parent"] in by:
            kids[s["parent"]].append(s)
    order, todo = [], [(s["id"], 0) for s in sorted(tops, key=lambda s: s["start"])]
    while todo:
        i, depth = todo.pop(0)
        order.append((i, depth))
        todo = [(s["id"], depth + 1) for s in sorted(kids[i], key=lambda s: s["start"])] + todo
    seen = {i for i, _ in order}
    own = {}
    for i in seen:
        a, b = by[i]["start"], by[i]["end"]
        own[i] = b - a - covered([(max(a, s["start"]), min(b, s["end"])) for s in kids[i]
                                  if min(b, s["end"]) > max(a, s["start"])])
    return {"order": order, "self": own, "orphans": [s["id"] for s in tops if s["parent"] is not None],
            "cyclic": [s["id"] for s in spans if s["id"] not in seen],
            "outside": [s["id"] for s in spans if s["id"] in seen and s["parent"] in by
                        and (s["start"] < by[s["parent"]]["start"] or s["end"] > by[s["parent"]]["end"])]}


def same_tree(fn, spans, why=""):
    "Calls span_tree on a copy and looks at the five parts."
    got, want = fn([dict(s) for s in spans]), tree_of(spans)
    assert isinstance(got, dict) and set(got) == set(want), f"the keys {sorted(want)} were asked for, got {got!r}"
    for part in want:
        mine = [tuple(x) for x in got[part]] if part == "order" else got[part]
        expect(mine, want[part], on=f"span_tree(…)[{part!r}] of {len(spans)} spans", why=why)
    assert all(isinstance(x, (int, np.integer)) for x in got["self"].values()), "self times are ints"


def random_spans(seed, n):
    "A trace with parallel children, some of them outside, orphans and ties; ids from 0 on, shuffled."
    g = np.random.default_rng(seed)
    out = [span(0, None, 1_700_000_000_000_000_000, 1_700_000_000_000_000_000 + 10**6 + 1)]
    for i in range(1, n):
        over = out[int(g.integers(0, i))]
        a = over["start"] + int(g.integers(-3, 40)) * 1001
        parent = None if g.random() < 0.05 else 10**6 + i if g.random() < 0.05 else over["id"]
        out.append(span(i, parent, a, a + int(g.integers(0, 60)) * 997))
    return [out[i] for i in g.permutation(n)]


BASE = {"operation": "embeddings", "provider": "cohere"}
FULL = {"operation": "chat", "provider": "openai", "model": "small-1", "response_model": "small-1-0613",
        "max_tokens": 256,
        "temperature": 0.5, "finish_reasons": ["stop"], "input_tokens": 70, "cache_read_tokens": 400,
        "cache_write_tokens": 30, "output_tokens": 90, "reasoning_tokens": 20, "error": None,
        "messages": [{"role": "user", "content": "Müller, born 1971"}], "answer": "Dear Müller"}


def plain_attributes(call, capture=False):
    "The oracle of genai_attributes."
    out = {"gen_ai.operation.name": call["operation"], "gen_ai.provider.name": call["provider"]}
    for key, name in [("model", "gen_ai.request.model"), ("response_model", "gen_ai.response.model"),
                      ("max_tokens", "gen_ai.request.max_tokens"), ("temperature", "gen_ai.request.temperature"),
                      ("output_tokens", "gen_ai.usage.output_tokens"),
                      ("cache_read_tokens", "gen_ai.usage.cache_read.input_tokens"),
                      ("cache_write_tokens", "gen_ai.usage.cache_creation.input_tokens"),
                      ("reasoning_tokens", "gen_ai.usage.reasoning.output_tokens")]:
        if call.get(key) is not None:
            out[name] = call[key]
    reasons = call.get("finish_reasons")
    if reasons is not None:
        out["gen_ai.response.finish_reasons"] = [reasons] if isinstance(reasons, str) else list(reasons)
    if call.get("input_tokens") is not None:
        out["gen_ai.usage.input_tokens"] = sum(call.get(k) or 0 for k in
                                               ("input_tokens", "cache_read_tokens", "cache_write_tokens"))
    if call.get("error") is not None:
        out["error.type"] = type(call["error"]).__name__ if isinstance(call["error"],
                                                                       BaseException) else call["error"][0]
    if capture and call.get("messages") is not None:
        out["gen_ai.input.messages"] = call["messages"]
    if capture and call.get("answer") is not None:
        out["gen_ai.output.messages"] = [{"role": "assistant", "content": call["answer"]}]
    return out


def same_attributes(fn, call, capture=None, why=""):
    "The name and the attributes, JSON read back."
    args = (dict(call),) if capture is None else (dict(call), capture)
    name, got = fn(*args)
    want = plain_attributes(call, bool(capture))
    got = dict(got)
    for key in ("gen_ai.input.messages", "gen_ai.output.messages"):
        if isinstance(got.get(key), str):
            got[key] = json.loads(got[key])
        elif key in got:
            got[key] = "not a JSON string"
    on = f"genai_attributes of a call with {sorted(call)}"
    expect(name, f"{call['operation']} {call['model']}" if call.get("model") else call["operation"],
           on="the name: " + on,
           why=why)
    expect(got, want, on=on, why=why)
    for key, value in want.items():
        assert type(got[key]) is type(value), f"{key} should be a {type(value).__name__}, got {got[key]!r}"


def exact(values, q):
    "The value at rank floor(q (N - 1)) of the sorted values."
    return sorted(values)[math.floor(q * (len(values) - 1))]


def close_quantile(got, want, alpha, on):
    "Within the promised relative error, and no more than float rounding beside it."
    assert isinstance(got, float), f"{on}: a float was asked for, got {got!r}"
    assert abs(got - want) <= alpha * want * (1 + 1e-6), (
        f"{on}: {want:.6g} within {alpha:g} of itself was asked for, got {got:.6g}")


def wilson(k, n, z):
    "The lower end of Wilson's interval, found by bisection on (k/n - p) = z sqrt(p (1 - p) / n)."
    low, high, p = 0.0, k / n, k / n
    for _ in range(200):
        mid = (low + high) / 2
        if p - mid > z * math.sqrt(mid * (1 - mid) / n):
            low = mid
        else:
            high = mid
    return (low + high) / 2


def alarms(windows, threshold, clear, min_n, z, hold):
    "The oracle of Alert: the list of states."
    state, run, out = False, 0, []
    for k, n in windows:
        if n >= min_n:
            hit = k / n <= clear if state else wilson(k, n, z) > threshold
            run = run + 1 if hit else 0
            if run == hold:
                state, run = not state, 0
        out.append(state)
    return out


def follows(Alert, windows, *settings, why=""):
    "Leads an alert through windows."
    steps(Alert(*settings), [("step", w, s) for w, s in zip(windows, alarms(windows, *settings))], why=why)


def drifted(reference, current, bins, floor):
    "The oracle of drift, by counting."
    ref, cur = sorted(reference), sorted(current)
    edges = sorted({ref[j * len(ref) // bins] for j in range(1, bins)})

    def shares(values):
        count = [0] * (len(edges) + 1)
        for v in values:
            count[bisect.bisect_right(edges, v)] += 1
        return [max(c / len(values), floor) for c in count]
    r, c = shares(ref), shares(cur)
    psi = math.fsum((b - a) * math.log(b / a) for a, b in zip(r, c))
    ks = max(abs(bisect.bisect_right(ref, x) / len(ref) - bisect.bisect_right(cur, x) / len(cur)) for x in {*ref,
                                                                                                            *cur})
    return psi, ks


def board(spans, window, alpha, settings):
    "The oracle of watch."
    traces = {}
    for s in spans:
        traces.setdefault(s["trace"], []).append(s)
    lost, kept = [], []
    for trace in sorted(traces):
        tree, tops = tree_of(traces[trace]), [s for s in traces[trace] if s["parent"] is None]
        if len(tops) == 1 and not tree["orphans"] and not tree["cyclic"]:
            kept.append((tops[0], traces[trace], tree["self"]))
        else:
            lost.append(trace)
    rows, windows, gamma = [], [], (1 + alpha) / (1 - alpha)
    numbers = [top["end"] // window for top, _, _ in kept]
    for number in range(min(numbers, default=1), max(numbers, default=0) + 1):
        here = [k for k, i in zip(kept, numbers) if i == number]
        took = sorted((top["end"] - top["start"]) / 1e9 for top, _, _ in here)
        work = {}
        for _, members, own in here:
            for s in members:
                work[s["name"]] = work.get(s["name"], 0) + own[s["id"]]

        def at(q):
            if not took:
                return None
            x = took[math.floor(q * (len(took) - 1))]
            return 2 * gamma ** math.ceil(math.log(x) / math.log(gamma)) / (gamma + 1) if x else 0.0
        rows.append({"window": number, "n": len(here), "failed": sum(top["error"] for top, _, _ in here),
                     "p50": at(0.5), "p99": at(0.99),
                     "slowest": min(sorted(work), key=lambda w: -work[w]) if work else None, "firing": None})
        windows.append((rows[-1]["failed"], len(here)))
    for row, state in zip(rows, alarms(windows, *settings)):
        row["firing"] = state
    return rows, lost


def requests(seed, count, span_of=10**12, broken=0.1, start=1_764_000_000_000_000_123):
    "Traces of a service whose ids repeat from trace to trace, some of them broken, all spans mixed."
    g = np.random.default_rng(seed)
    out = []
    for trace in g.permutation(np.arange(0, 7 * count, 7))[:count].tolist():
        a = start + int(g.integers(0, span_of))
        b = a + int(g.integers(10**8, 9 * 10**9))
        bad = g.random()
        out.append(span(0, None, a, b, "request", trace, error=bool(g.random() < 0.15)))
        for i in range(1, int(g.integers(1, 6))):
            c = a + int(g.integers(0, b - a))
            out.append(span(i, int(g.integers(0, i)), c, c + int(g.integers(0, 2 * 10**9)),
                            ("retrieve", "chat m", "tool", "request")[int(g.integers(0, 4))], trace,
                            error=bool(g.random() < 0.3)))
        if bad < broken:
            out.append([span(8, 9, a, b, "tool", trace), span(9, None, a, b, "two", trace),
                        span(9, 9, a, b, "self", trace)][int(bad * 1e6) % 3])
    return [out[i] for i in g.permutation(len(out))]


def same_board(fn, spans, window, alpha, settings, why=""):
    "Row by row."
    rows, lost = fn([dict(s) for s in spans], window, alpha, settings)
    want, broken = board(spans, window, alpha, settings)
    expect(lost, broken, on="the incomplete traces", why=why)
    expect(len(rows), len(want), on="the number of rows", why=why)
    for got, row in zip(rows, want):
        expect(got, row, on=f"row {row['window']} of {len(want)}", rtol=1e-9, why=why)
### END HIDDEN TESTS

# %% [markdown]
# ## 1 · One request, many services, one id
#
# A web service that answers 200 has worked. A language model that answers 200 may have invented everything.
# Ordinary monitoring (metrics, logs, traces, service level objectives) still applies. What a model adds is a
# question that no status code answers: *was the answer any good?* So **observability** of such a system is the
# usual three signals, plus **evaluation** of the content, on a sample of the traffic.
#
# A **span** is one piece of work with a beginning, an end, a name and attributes. A **trace** is all spans of
# one request. The spans know their parents: *parent* is who called. Retrieval, model and tool are called by the
# request, one after the other, so they are **siblings** under one span. Drawings that nest them inside each
# other say that the retriever called the model, and it did not.
#
# Services are separate processes. The id travels in an HTTP header, `traceparent`:
#
# `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`
#
# Version, trace id (16 bytes), id of the caller's span (8 bytes), flags. The last bit of the flags says that
# the caller **sampled** the trace: it records it. A UUID that each service draws for itself is no trace id:
# nothing joins them.
#
# **The catch: a lenient parser.** Two services that read one header differently tear the trace apart. And
# Python's `int(text, 16)` reads `0x1f`, `1_f`, ` 1f` and digits of other scripts. The W3C rule is strict where
# it matters: what does not parse is *dropped*, and a new trace begins. It is lenient in one place alone: a
# header of a **future** version may be longer.
#
# ### Exercise 30.1 · parse_traceparent
#
# `(trace_id, span_id, sampled)` as two Python ints and a bool, or `None` for a header that is absent (`None`)
# or invalid.
#
# - The form is `vv-tttttttttttttttttttttttttttttttt-ssssssssssssssss-ff`: 2, 32, 16 and 2 characters out of
#   `0123456789abcdef` (no capitals), 55 characters in all. Nothing is stripped: a blank or line break in,
#   before or directly behind these is invalid.
# - Version `00` has exactly these 55. Version `ff` is invalid. Any other version (say `01`, `cc`) may be
#   longer: then the 56th character is `-`, and whatever follows it, if anything, is ignored, line breaks too.
# - A trace id or span id of zeros only is invalid.
# - `sampled` is the lowest bit of the flags. The other bits may be anything.
# - `header` is a string of any length and content, or None. Nothing raises.
#
# Source: W3C Trace Context, https://www.w3.org/TR/trace-context/#traceparent-header.

# %% stub="parse_traceparent"
def parse_traceparent(header: str | None) -> tuple[int, int, bool] | None:
    """Trace id, caller's span id and sampled bit of a header, or None.

    "00-" + "0" * 31 + "a-" + "0" * 15 + "b-01" gives (10, 11, True).
    """
    ### BEGIN SOLUTION
    if header is None or len(header) < 55:
        return None
    version, trace, parent, flags = header[:2], header[3:35], header[36:52], header[53:55]
    dashes, digits = header[2] + header[35] + header[52], version + trace + parent + flags
    if dashes != "---" or set(digits) - set("0123456789abcdef"):
        return None
    if version == "ff" or (len(header) > 55 and (version == "00" or header[55] != "-")):
        return None
    trace_id, span_id = int(trace, 16), int(parent, 16)
    return (trace_id, span_id, bool(int(flags, 16) & 1)) if trace_id and span_id else None
    ### END SOLUTION
    raise NotImplementedError("parse_traceparent")

# %% [markdown] hints="parse_traceparent"
# <details><summary>Hint 1: a question</summary>
#
# Which characters does `int(text, 16)` take that are not among the sixteen? What does `$` in a regular
# expression match besides the end?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Flags `03`: binary 00000011, the lowest bit is 1: sampled. Flags `02`: not sampled. With version `00` and `-x`
# behind the flags: None. The same behind version `01`: read as if it were not there. `01…-01x`: None.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Length, dashes, alphabet, version, zeros, and the rest: six conditions. Most published parsers leave out the
# third or the last.
#
# </details>

# %% graded="parse_traceparent__reads" points=2
# Looks at ids, the sampled bit, later versions.
check(parse_traceparent, "00-" + "0" * 31 + "a-" + "0" * 15 + "b-01", want=(10, 11, True))
check(parse_traceparent, "00-" + "0" * 31 + "a-" + "0" * 15 + "b-02", want=(10, 11, False),
      why="02 is another flag: the lowest bit is 0", mistakes={"any flag counts as sampled": (10, 11, True)})
check(parse_traceparent, "01-" + "0" * 31 + "a-" + "0" * 15 + "b-01-later", want=(10, 11, True),
      why="a later version may say more", mistakes={"later versions refused": None})
### BEGIN HIDDEN TESTS
g = np.random.default_rng(0)
for i in range(40):
    text = header("".join(g.choice(list(HEX), 32)), "".join(g.choice(list(HEX), 16)),
                  "".join(g.choice(list(HEX), 2)),
                  ("00", "01", "cc", "fe", "0f", "f0", "a0")[i % 7],
                  "" if i % 7 == 0 else ("", "-", "-01", "-x y-\x00Z")[i % 4])
    check(parse_traceparent, text, want=traceparent(text), why="valid")
for flags in ("00", "01", "02", "03", "08", "09", "0f", "10", "11", "fe", "ff", "f1", "a0"):
    check(parse_traceparent, header(flags=flags), want=traceparent(header(flags=flags)),
          why="the lowest bit of the flags")
for trace, parent in [("f" * 32, "f" * 16), ("0" * 31 + "1", "1" + "0" * 15), ("1" + "0" * 31, "0" * 15 + "1"),
                      ("8" + "0" * 16 + "1" * 15, "8" * 16)]:
    check(parse_traceparent, header(trace, parent), want=traceparent(header(trace, parent)),
          why="all 128 and all 64 bits")
for more in ("-" + "é日" * 2000, "-\n", "-a\nb", "-\r\n\r\n", "- \u2028x"):
    check(parse_traceparent, header(version="01", more=more), want=traceparent(header()), why="the rest is ignored")
got = parse_traceparent(header())
assert [type(x) for x in got] == [int, int, bool], f"two ints and a bool were asked for, got {got!r}"
### END HIDDEN TESTS

# %% graded="parse_traceparent__refuses" points=2
# Looks at everything that is no header.
check(parse_traceparent, None, want=None, why="absent")
check(parse_traceparent, "00-" + "0" * 32 + "-" + "0" * 15 + "b-01", want=None,
      why="a trace id of zeros is invalid",
      mistakes={"zeros accepted": (0, 11, True)})
check(parse_traceparent, "00-" + "0" * 31 + "A-" + "0" * 15 + "b-01", want=None, why="capitals are invalid",
      mistakes={"capitals accepted": (10, 11, True)})
check(parse_traceparent, "00-" + "0" * 31 + "a-" + "0" * 15 + "b-01-later", want=None,
      why="version 00 says nothing more")
### BEGIN HIDDEN TESTS
BAD = [header()[:-1], header()[:-2], header()[:-3], header() + "0", header() + "-", header() + "\n",
       " " + header(), header() + " ",
       header() + "\x00", header(version="ff"), header(version="ff", more="-x"), header(version="01", more="x"),
       header(version="01", more=" "), header(version="01", more="\n"), header(version="01", more="0-"), "", "-",
       "---", "x",
       header(GOOD[0][:-1]), header(GOOD[0] + "0"), header(parent=GOOD[1][:-1]), header(parent=GOOD[1] + "0"),
       header(GOOD[0][:-1], GOOD[1] + "0"), header(GOOD[0] + "a", GOOD[1][:-1]),
       header(flags="1"), header(flags="001"), header(version="0"), header(version="000"), header(version="0A"),
       header(parent="0" * 16), header("0" * 32, "0" * 16), header(parent="00F067AA0BA902B7"), header(flags="0A"),
       header("0x" + GOOD[0][2:]), header("+" + GOOD[0][1:]), header("-" + GOOD[0][1:]), header(" " + GOOD[0][1:]),
       header(GOOD[0][:3] + "_" + GOOD[0][4:]), header(parent=GOOD[1][:3] + "_" + GOOD[1][4:]), header(flags="+1"),
       header(flags=" 1"), header(flags="1 "), header(flags="1_"), header(flags="-1"), header(version=" 0"),
       header(version="+0"), header(version="٠٠"),
       header("１" + GOOD[0][1:]), header("٣" + GOOD[0][1:]), header(flags="0１"), header("g" + GOOD[0][1:]),
       header(parent=GOOD[1][:-1] + "\n"), header().replace("-", "_"), header().replace("-", ""), header().upper(),
       header()[:2] + "_" + header()[3:], header()[:35] + "_" + header()[36:], header()[:52] + " " + header()[53:],
       header()[:52] + "–" + header()[53:], header(flags="0g"), header() * 2, header() + "," + header(), "0" * 55,
       "-" * 55,
       header(version="01")[:-1], header(version="01", parent="0" * 16, more="-x"), header("0" * 32, version="02")]
for text in BAD:
    check(parse_traceparent, text, want=traceparent(text), why="invalid: a new trace begins")
check(parse_traceparent, header(), want=traceparent(header()), why="and this one is valid")
### END HIDDEN TESTS

# %% [markdown]
# ## 2 · Who keeps a trace
#
# Nobody stores everything. With **head sampling** the decision falls at the start of the request, before
# anything is known about it. If every service tossed a coin of its own at rate r, a request through four of
# them would be whole with probability $r^4$: at r = 0.1 once in 10,000. So the decision must be the same
# everywhere, and there are two ways, used together:
#
# - **From the id.** Trace ids are random. Take the low 64 bits as a number u and keep the trace if
#   $u < \text{round}(r \cdot 2^{64})$. All services with this rule compute the same. And it is **monotone**:
#   what is kept at rate r is kept at every higher rate. The rule is that of the Python SDK. The specification
#   left it open for years, so an SDK in another language may take other bits.
# - **From the parent.** Whoever has a valid header does what its sampled bit says, whatever his own rate.
#   Otherwise a service with a lower rate, or another rule, would leave holes.
#
# **Tail sampling** waits until the trace is complete and keeps all that failed or were slow, and a share of the
# rest. It needs a buffer for all spans of a trace in one place, and it keeps only what reaches it: the head must
# let everything pass. Head sampling is cheap and blind: at 1 % it catches at least one of 20 failures with
# probability 0.18, at 10 % with 0.88.
#
# **The catch: a tail sample is not the traffic.** In part 9 a third of what it keeps are failures, where 7 % of
# the requests failed. Counts taken from it need weights: a kept trace that had probability r stands for 1 / r.
#
# ### Exercise 30.2 · continue_trace
#
# Two functions, in one cell: `trace_sampled` and `continue_trace`. What an SDK does when a request comes in:
#
# - `trace_sampled(trace_id, rate)`: a bool by the rule above, with `trace_id` an int of up to 128 bits and
#   Python's own `round(rate * 2**64)`. At rate 1 every id is kept, at 0 none. A rate outside [0, 1], or NaN,
#   raises `ValueError`.
# - `continue_trace(header, trace_id, span_id, rate)` returns `(outgoing, parent)`. `header` is what came in;
#   `trace_id` and `span_id` are fresh random ids (ints, not 0) that this service drew; `rate` is its own,
#   within [0, 1].
#   - With a valid `header`: the trace goes on. Its trace id and its sampled bit are kept; the fresh trace id is
#     not used.
#   - Without: a new trace with the fresh id, and its own decision by `rate`.
#   - `parent` is the caller's span id as an int, or None for a new trace.
#   - `outgoing` is the header for the next service: version `00`, the trace id, **this** service's `span_id`,
#     flags `01` if sampled, else `00`. Other flags are not passed on. (Here the SDK does more: it keeps and
#     sets `02`, "this id is random", from the draft of the standard's next level.)
#
# Source: `TraceIdRatioBased` and `ParentBased` of opentelemetry-sdk 1.45.2.

# %% stub="continue_trace"
def trace_sampled(trace_id: int, rate: float) -> bool:
    """Whether a new trace is kept at a rate; the same in every service.

    trace_sampled(2**62, 0.5) is True, trace_sampled(2**63, 0.5) is False.
    """
    ### BEGIN SOLUTION
    if not 0 <= rate <= 1:
        raise ValueError(f"a rate lies between 0 and 1, not {rate}")
    return trace_id % 2**64 < round(rate * 2**64)
    ### END SOLUTION
    raise NotImplementedError("trace_sampled")


def continue_trace(header: str | None, trace_id: int, span_id: int, rate: float) -> tuple[str, int | None]:
    """The header for the next service, and the caller's span id.

    continue_trace(None, 10, 11, 1.0) is ("00-" + "0" * 31 + "a-" + "0" * 15 + "b-01", None).
    """
    ### BEGIN SOLUTION
    caller = parse_traceparent(header)
    trace_id, parent, keep = caller if caller else (trace_id, None, trace_sampled(trace_id, rate))
    return f"00-{trace_id:032x}-{span_id:016x}-{int(keep):02x}", parent
    ### END SOLUTION
    raise NotImplementedError("continue_trace")

# %% [markdown] hints="continue_trace"
# <details><summary>Hint 1: a question</summary>
#
# The caller did not sample, and your own rate is 1. What would a trace look like that begins in the middle?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Id 2^64 + 5 at rate 0.5: the low 64 bits are 5, and 5 < 2^63: kept. Id 2^127: the low bits are 0: kept at
# every rate above 0. Id 2^64 − 1 at rate 1: the bound is 2^64: kept.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# The span id in the header is that of whoever *sends* it. You receive your caller's and send your own.
#
# </details>

# %% graded="continue_trace__sampled" points=2
# Looks at the decision by id: edges, high bits, rates of 0 and 1.
check(trace_sampled, 2**62, 0.5, want=True)
check(trace_sampled, 2**63, 0.5, want=False, why="2^63 is not below the bound 2^63",
      mistakes={"<= instead of <": True})
check(trace_sampled, 2**127 + 5, 0.5, want=True, why="only the low 64 bits count",
      mistakes={"the high bits": False})
raises(ValueError, trace_sampled, 5, 1.5, why="a rate lies between 0 and 1")
### BEGIN HIDDEN TESTS
g = np.random.default_rng(1)
for i in range(40):
    rate, high = float(g.random()) ** (1 + i % 3), int(g.integers(0, 2**62))
    low = int(g.integers(0, 2**63)) * 2 + i % 2
    bound = round(rate * 2**64)
    for trace in (high * 2**64 + low, high * 2**64 + bound - 1, high * 2**64 + bound, low):
        check(trace_sampled, trace, rate, want=trace - (trace >> 64 << 64) < bound,
              why="low 64 bits < round(rate * 2**64)")
for trace in (1, 2**64 - 1, 2**64, 2**128 - 1, 2**127, 7 * 2**64):
    for rate in (1, 1.0, 0, 0.0):
        check(trace_sampled, trace, rate, want=rate == 1, why="rate 1 keeps all, rate 0 keeps none")
    for rate in (2.0**-64, 1 - 2.0**-53, 1e-300, 0.1, 1 / 3):
        check(trace_sampled, trace, rate, want=trace % 2**64 < round(rate * 2**64), why="rates near the ends")
for rate in (1e-5, 3.3e-7, 1.7e-9, 7e-12, 1e-15, 0.7e-18):
    bound = round(rate * 2**64)
    for low in range(max(bound - 2, 0), bound + 2):
        check(trace_sampled, 2**100 + low, rate, want=low < bound,
              why="small rates: the bound is rounded, not cut off")
for bad in (-0.1, 1.0000001, float("nan"), float("inf"), -math.inf, -1, 2):
    raises(ValueError, trace_sampled, 12, bad, why=f"a rate of {bad}")
got = trace_sampled(3, 0.5)
assert isinstance(got, (bool, np.bool_)), f"a bool was asked for, got {got!r}"
### END HIDDEN TESTS

# %% graded="continue_trace__header" points=3
# Looks at what is kept of a caller's header and what is new.
check(continue_trace, None, 10, 11, 1.0, want=("00-" + "0" * 31 + "a-" + "0" * 15 + "b-01", None))
check(continue_trace, "00-" + "0" * 31 + "c-" + "0" * 15 + "d-00", 10, 11, 1.0,
      want=("00-" + "0" * 31 + "c-" + "0" * 15 + "b-00", 13), why="the caller did not sample: nobody does",
      mistakes={"its own decision": ("00-" + "0" * 31 + "c-" + "0" * 15 + "b-01", 13),
                "the caller's span id sent on": ("00-" + "0" * 31 + "c-" + "0" * 15 + "d-00", 13)})
### BEGIN HIDDEN TESTS
g = np.random.default_rng(2)
for i in range(60):
    trace, own = int(g.integers(1, 2**62)) << int(g.integers(0, 66)), int(g.integers(1, 2**63))
    rate = float(g.random())
    came = (None, header(flags=("00", "01", "02", "03", "ff", "fe")[i % 6]),
            header(version="cc", flags="03", more="-x"),
            header(version="01", flags="00"), header("0" * 32), "rubbish", header().upper(), "",
            header() + "-x")[i % 9]
    known = traceparent(came)
    keep = known[2] if known else trace % 2**64 < round(rate * 2**64)
    check(continue_trace, came, trace, own, rate,
          want=(f"00-{known[0] if known else trace:032x}-{own:016x}-{'01' if keep else '00'}",
                known[1] if known else None),
          why="a valid header goes on, anything else begins anew; version 00, own span id, flags 00 or 01")
for low in (0, 2**44 - 1, 2**44, 2**44 + 1):
    keep = low < 2**44
    check(continue_trace, None, 2**90 + low, 7, 2.0**-20, want=(f"00-{2**90 + low:032x}-{7:016x}-0{keep:d}", None),
          why="a rate of a millionth")
for came, rate in ((None, 0), (None, 1), (header(flags="01"), 0.0), (header(flags="00"), 1)):
    for trace, own in ((2**128 - 1, 2**64 - 1), (1, 1), (2**64, 2**63)):
        known = traceparent(came)
        keep = known[2] if known else bool(rate)
        check(continue_trace, came, trace, own, rate, want=(
            f"00-{known[0] if known else trace:032x}-{own:016x}-{'01' if keep else '00'}",
            known[1] if known else None))
### END HIDDEN TESTS

# %% tags=["picture"]
observability.whole_traces(trace_sampled)

# %% [markdown]
# Five thousand requests through one to four services, all with the same rate: the share of requests of which
# *every* service kept its spans, with a coin in each service and with your function.

# %% [markdown]
# ## 3 · Where the time went
#
# An exporter hands over a flat list of spans, in the order in which they *ended*. The tree is rebuilt from the
# parents' ids. The first question to it is where the time went. A span's **self time** is its duration minus
# the time in which at least one child was at work:
#
# $$\text{self} = (b - a) - \Big|\bigcup_{c} [a_c, b_c] \cap [a, b]\Big|,$$
#
# with the span from a to b and its children c from $a_c$ to $b_c$.
#
# **The catch: the sum.** An agent calls three tools at once. Subtract the *sum* of their durations and the
# parent has worked for a negative time. The union counts each nanosecond once.
#
# Real traces are also broken. A span was lost, so its children are **orphans**. Clocks of two machines differ,
# so a child starts before its parent. A bug gave two spans each other as parents. A good tree shows all of it
# and hides nothing: one that drops orphans loses just the requests that went wrong.
#
# ### Exercise 30.3 · span_tree
#
# `spans` is a list of dicts as the setup's `span` makes them; here `id`, `parent`, `start` and `end` count. Ids
# are ints or strings, `0` and `""` among them; `parent` is an id or `None`. Times are whole ns. The answer is a
# dict with five keys:
#
# - `"order"`: a list of `(id, depth)` tuples, depth first. The roots have depth 0: spans whose parent is None,
#   and **orphans**, whose parent is not in the list. Siblings (and roots) stand by start; those with equal
#   start as they stood in `spans`.
# - `"self"`: a dict from id to self time, an exact int, for every span in `"order"`. Only direct children
#   count, each clipped to the span's own interval.
# - `"orphans"`: their ids. `"cyclic"`: ids that no root reaches: a span in a circle of parents, or below one.
#   They are in none of the other four parts. `"outside"`: ids in `"order"` that start before their parent or
#   end after it. These three are lists in the order of `spans`.
# - Two spans with one id, or an end before its start: `ValueError`. No spans: five empty containers.
# - `spans` stays as it is. Traces of agents can be 3,000 calls deep and as wide.
#
# Source: OpenTelemetry's tracing specification, https://opentelemetry.io/docs/specs/otel/trace/api/.

# %% stub="span_tree"
def span_tree(spans: Sequence[Mapping]) -> dict[str, list | dict]:
    """Order, self times and what is broken.

    Root 1 (0 to 10), children 2 (1 to 4), 3 (2 to 6): order [(1, 0), (2, 1), (3, 1)], self {1: 5, 2: 3, 3: 4}.
    """
    ### BEGIN SOLUTION
    by_id = {s["id"]: s for s in spans}
    if len(by_id) < len(spans) or any(s["end"] < s["start"] for s in spans):
        raise ValueError("two spans with one id, or an end before its start")
    children = defaultdict(list)
    for s in sorted(spans, key=lambda s: s["start"]):  # stable: ties stay as they stood
        children[s["parent"] if s["parent"] in by_id else None].append(s)
    order, own = [], {}
    stack = [(s, 0) for s in reversed(children[None])]
    while stack:
        s, depth = stack.pop()
        order.append((s["id"], depth))
        reached, busy = s["start"], 0
        for c in children[s["id"]]:
            start, end = max(c["start"], reached), min(c["end"], s["end"])
            busy += max(end - start, 0)
            reached = max(reached, end)
        own[s["id"]] = s["end"] - s["start"] - busy
        stack += [(c, depth + 1) for c in reversed(children[s["id"]])]
    inside = [s for s in spans if s["id"] in own and s["parent"] in by_id]
    return {"order": order, "self": own, "cyclic": [s["id"] for s in spans if s["id"] not in own],
            "orphans": [s["id"] for s in spans if s["parent"] is not None and s["parent"] not in by_id],
            "outside": [s["id"] for s in inside if s["start"] < by_id[s["parent"]]["start"]
                        or s["end"] > by_id[s["parent"]]["end"]]}
    ### END SOLUTION
    raise NotImplementedError("span_tree")

# %% [markdown] hints="span_tree"
# <details><summary>Hint 1: a question</summary>
#
# If you walk from the roots down, which spans do you never meet?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# A parent from 0 to 10, children 1–4, 2–6, 3–5 and 8–12. The union, clipped: 1–6 and 8–10, 7 ns. Self time 3.
# The sum of the durations is 3 + 4 + 2 + 4 = 13, and 10 − 13 is −3.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# A child that lies inside an earlier one adds nothing, and what was covered stays covered. And `if parent:` is
# false for id 0.
#
# </details>

# %% graded="span_tree__order" points=2
# Looks at depth, siblings, orphans, ids that are falsy, deep traces.
same_order = [span(2, 1, 5, 9), span(3, 1, 2, 4), span(1, None, 0, 10)]
expect([tuple(x) for x in span_tree(same_order)["order"]], [(1, 0), (3, 1), (2, 1)], on="the order of three spans",
       why="siblings by start, whatever the order in which they ended")
expect(span_tree([span("a", "lost", 3, 4), span("b", None, 0, 9)])["orphans"], ["a"], on="the orphans")
### BEGIN HIDDEN TESTS
same_tree(span_tree, [], why="no spans")
for seed, n in enumerate((1, 2, 3, 5, 9, 17, 40, 120, 300)):
    same_tree(span_tree, random_spans(seed, n))
same_tree(span_tree, [span("", None, 5, 9), span("x", "", 6, 7), span("y", "x", 6, 7), span(0, None, 5, 6),
                      span(7, 0, 5, 6)],
          why="0 and '' are ids like others")
same_tree(span_tree, [span(i, 0 if i else None, 5, 9) for i in (3, 9, 1, 7, 0, 8, 2)], why="ties keep their order")
same_tree(span_tree, [span(i, 99, 5 + i % 2, 9) for i in (3, 9, 1, 7, 0, 8, 2)] + [span(4, None, 5, 5),
                                                                                   span(5, None, 6, 6)],
          why="roots and orphans by start, ties as they stood")
deep = [span(i, i - 1 if i else None, i, 9000 - i) for i in range(3000)]
same_tree(span_tree, deep[::-1], why="3,000 deep")
same_tree(span_tree, [span(1, 0), span(2, "", 5, 6), span(3, 2, 5, 6)],
          why="0 and '' are ids: these two are orphans")
same_tree(span_tree, [span("1", None, 0, 9), span(1, None, 1, 9), span(2, "1", 2, 5), span(3, 1, 3, 8),
                      span(4, "2", 4, 5)],
          why="1 and '1' are two ids, and '2' is none of these")
same_tree(span_tree, [span(i, 0 if i else None, i, i + 9) for i in range(2000)], why="2,000 children of one span")
same_tree(span_tree, [span(i, 5000 if i else None, i, i + 4) for i in range(1500)], why="all orphans")
spans = random_spans(3, 30)
unchanged(span_tree, spans, want=tree_of(spans))
for s, t in ([span(1), span(1, None, 3, 4)], [span(1), span(2, 1, 5, 4)], [span(0), span(0, 0, 0, 1)],
             [span(1, 1), span(1, 1)]):
    raises(ValueError, span_tree, [s, t], why="two spans with one id, or an end before its start")
### END HIDDEN TESTS

# %% graded="span_tree__self" points=3
# Looks at self times: parallel children, children outside, exact ns.
expect(span_tree([span(1, None, 0, 10), span(2, 1, 1, 4), span(3, 1, 2, 6)])["self"], {1: 5, 2: 3, 3: 4},
       on="the self times of a span with two parallel children",
       mistakes={"the sum of the children, not their union": {1: 3, 2: 3, 3: 4}})
expect(span_tree([span(1, None, 10, 20), span(2, 1, 5, 12), span(3, 1, 18, 40)])["self"], {1: 6, 2: 7, 3: 22},
       on="the self times of a span with two children that reach beyond it",
       why="children are clipped to their parent")
### BEGIN HIDDEN TESTS
big = 1_764_241_920_123_456_789
same_tree(span_tree, [span(1, None, big, big + 10**12 + 7), span(2, 1, big + 1, big + 10**11 + 2),
                      span(3, 2, big + 1, big + 3)],
          why="exact ns since 1970")
same_tree(span_tree, [span(1, None, 0, 100), span(2, 1, 10, 60), span(3, 1, 20, 30), span(4, 1, 50, 70),
                      span(5, 1, 70, 80),
                      span(6, 1, 90, 90), span(7, 1, 95, 130)], why="inside, overlapping, touching, empty, beyond")
same_tree(span_tree, [span(1, None, 50, 60), span(2, 1, 0, 10), span(3, 1, 70, 80), span(4, 1, 0, 100),
                      span(5, 4, 0, 1)],
          why="children wholly outside count nothing")
same_tree(span_tree, [span(1, None, 50, 60), span(2, 1, 0, 10), span(3, 1, 70, 80), span(4, 1, 20, 50)],
          why="children wholly outside count nothing")
same_tree(span_tree, [span(1, None, 0, 10), span(2, 1, 2, 4), span(3, 2, 4, 8), span(4, 3, 0, 10)],
          why="only direct children count, not grandchildren")
same_tree(span_tree, [span(1, None, 5, 5), span(2, 1, 0, 9), span(3, 1, 5, 5)], why="a span of no length")
for seed in range(20, 26):
    same_tree(span_tree, random_spans(seed, 25))
### END HIDDEN TESTS

# %% graded="span_tree__broken" points=2
# Looks at circles, what hangs below them, children outside.
got = span_tree([span(1, 2), span(2, 1), span(3, 2), span(4, None)])
expect((got["cyclic"], [tuple(x) for x in got["order"]]), ([1, 2, 3], [(4, 0)]),
       on="the cyclic spans and the order",
       why="1 and 2 are each other's parents, 3 hangs below them: no root reaches any of the three")
### BEGIN HIDDEN TESTS
same_tree(span_tree, [span(1, 1), span(2, 1), span(3, 3, 4, 5)], why="its own parent")
same_tree(span_tree, [span(0, 0), span(1, None), span(2, 0, -5, 90), span(3, 1, -5, 5), span(4, 1, 5, 11),
                      span(5, 1, 0, 10)])
same_tree(span_tree, [span(i, (i + 1) % 40) for i in range(40)] + [span(50, 7), span(51, 50), span(52, 99),
                                                                   span(53, 52, -1, 3)],
          why="a circle of 40, a branch below it, an orphan with a child outside")
same_tree(span_tree, [span("c", "b", 3, 20), span("b", "a", 2, 12), span("a", None, 0, 10), span("d", "zz", 0, 99),
                      span("e", "d", 0, 99), span("f", "d", 0, 100)],
          why="outside is said of the child, orphans have no parent to leave")
same_tree(span_tree, [span(i, (i + 1) % 2500) for i in range(2500)], why="a circle of 2,500")
### END HIDDEN TESTS

# %% tags=["picture"]
observability.waterfall(span_tree)

# %% [markdown]
# One request of an agent, recorded by the **real OpenTelemetry SDK**, exported in memory and read back into
# your tree: bars are durations, the coloured part is self time (drawn at the beginning of the bar). Three tools
# ran at the same time. Whose self time is longest? Not the longest bar's.
#
# SDK, ids, parents and export are real; the work is not: the agent draws its durations at random. In a service
# `request` would be the web framework's span, or the agent's (`invoke_agent`). `retrieve` would be a call of the
# index, `tool a` would be `execute_tool a`. The client library records `chat small-1`, and an engine like
# section 12's may add spans of its own below it, for waiting, prefill and decoding.
#
# ## 4 · What a span may say
#
# The OpenTelemetry **semantic conventions** for generative AI name the attributes, so that a board works for
# every provider. They are in development and have moved: `gen_ai.system` became `gen_ai.provider.name`; the
# scalar `finish_reason` was never right, `gen_ai.response.finish_reasons` is a *list*; `gen_ai.prompt` and
# `gen_ai.completion` were removed. A call of a model must name its operation (`chat`, `embeddings`, …) and its
# provider. The span's name is "operation model", say `chat small-1`: few different names, so that one can group
# by them. A conversation of many turns is many requests, so many traces: the attribute `gen_ai.conversation.id` on
# each joins them.
#
# Usage has parts that contain each other. `input_tokens` *includes* what came out of or went into the
# provider's prompt cache; the cache's own counts are subsets. `output_tokens` includes the tokens of reasoning.
#
# **The catch: traces leak.** "Record the full input and output in each span" is the usual advice. Prompts hold
# names, diagnoses and passwords; spans are kept for weeks and read by many. Content is **opt-in** in the
# conventions. It also leaks by the back door: an exception's message often quotes the prompt, and a wrapper
# that copies whatever it finds copies the API key. So use a list of what is allowed, not of what is forbidden.
#
# ### Exercise 30.4 · genai_attributes
#
# `genai_attributes(call, capture_content=False)` returns `(name, attributes)`. `call` is a dict that a client
# library filled:
#
# | key of `call` | attribute |
# |---|---|
# | `operation` (required) | `gen_ai.operation.name` |
# | `provider` (required) | `gen_ai.provider.name` |
# | `model` | `gen_ai.request.model` |
# | `response_model` | `gen_ai.response.model` |
# | `max_tokens` | `gen_ai.request.max_tokens` |
# | `temperature` | `gen_ai.request.temperature` |
# | `finish_reasons`: a string, list or tuple of strings | `gen_ai.response.finish_reasons`, a list |
# | `input_tokens`: **without** the cached ones | `gen_ai.usage.input_tokens`, **with** both kinds of cached ones |
# | `cache_read_tokens` | `gen_ai.usage.cache_read.input_tokens` |
# | `cache_write_tokens` | `gen_ai.usage.cache_creation.input_tokens` |
# | `output_tokens`: with those of reasoning | `gen_ai.usage.output_tokens` |
# | `reasoning_tokens` | `gen_ai.usage.reasoning.output_tokens` |
# | `error`: (type, message), two strings | `error.type`, the type alone |
# | `messages`: list of dicts, only if captured | `gen_ai.input.messages`, a JSON string |
# | `answer`: a string, only if captured | `gen_ai.output.messages`, a JSON string |
#
# - A key that is missing or None gives no attribute. Everything else counts, 0, 0.0, "" and [] too. If
#   `input_tokens` is missing or None, no `gen_ai.usage.input_tokens`; a missing cache count adds 0.
# - The JSON of the messages reads back to the list itself, that of the answer to
#   `[{"role": "assistant", "content": answer}]`. (The conventions wrap texts in *parts*; here they stay as they
#   are.)
# - Other keys of `call` (there are some, with secrets) give nothing.
# - `name` is `operation`, a blank and `model`; without a model the operation alone. `operation`, `provider` and
#   `model` are never "".
# - A missing or None `operation` or `provider`: `ValueError`. `call` stays as it is; the list of reasons is a
#   new one.
#
# Sources: constants of opentelemetry-semantic-conventions 0.66b2, which marks all of `gen_ai.*` as moved to
# https://github.com/open-telemetry/semantic-conventions-genai.

# %% stub="genai_attributes"
def genai_attributes(call: Mapping, capture_content: bool = False) -> tuple[str, dict]:
    """The name and the attributes of a span for one call of a model.

    {"operation": "chat", "provider": "p", "model": "m", "max_tokens": 9} gives "chat m" and four attributes.
    """
    ### BEGIN SOLUTION
    call = {k: v for k, v in call.items() if v is not None}
    if "operation" not in call or "provider" not in call:
        raise ValueError("operation and provider are required")
    names = {"operation": "operation.name", "provider": "provider.name", "model": "request.model",
             "response_model": "response.model", "max_tokens": "request.max_tokens",
             "temperature": "request.temperature",
             "cache_read_tokens": "usage.cache_read.input_tokens", "output_tokens": "usage.output_tokens",
             "cache_write_tokens": "usage.cache_creation.input_tokens",
             "reasoning_tokens": "usage.reasoning.output_tokens"}
    found = {f"gen_ai.{name}": call[key] for key, name in names.items() if key in call}
    if "finish_reasons" in call:
        reasons = call["finish_reasons"]
        found["gen_ai.response.finish_reasons"] = [reasons] if isinstance(reasons, str) else list(reasons)
    if "input_tokens" in call:
        cached = call.get("cache_read_tokens", 0) + call.get("cache_write_tokens", 0)
        found["gen_ai.usage.input_tokens"] = call["input_tokens"] + cached
    if "error" in call:
        found["error.type"] = call["error"][0]
    if capture_content and "messages" in call:
        found["gen_ai.input.messages"] = json.dumps(call["messages"])
    if capture_content and "answer" in call:
        found["gen_ai.output.messages"] = json.dumps([{"role": "assistant", "content": call["answer"]}])
    return call["operation"] + (" " + call["model"] if "model" in call else ""), found
    ### END SOLUTION
    raise NotImplementedError("genai_attributes")

# %% [markdown] hints="genai_attributes"
# <details><summary>Hint 1: a question</summary>
#
# What does your function do with a key that somebody adds to `call` next year?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# 70 tokens uncached, 400 read from the cache, 30 written to it: `input_tokens` 500, `cache_read` 400,
# `cache_creation` 30. 90 out, 20 of them reasoning: `output_tokens` 90, `reasoning` 20. A board that adds all
# five counts 1,040 tokens in place of 590.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# A temperature of 0.0 is a setting and None is none. And `list("stop")` has four elements.
#
# </details>

# %% graded="genai_attributes__names" points=2
# Looks at names, required ones, lists, absent keys, zeros.
check(genai_attributes, {"operation": "chat", "provider": "openai", "model": "m", "finish_reasons": "stop",
                         "temperature": 0.0,
                         "max_tokens": None},
      want=("chat m", {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai",
                       "gen_ai.request.model": "m",
                       "gen_ai.response.finish_reasons": ["stop"], "gen_ai.request.temperature": 0.0}))
raises(ValueError, genai_attributes, {"operation": "chat", "model": "m"}, why="there is no provider")
### BEGIN HIDDEN TESTS
same_attributes(genai_attributes, FULL)
same_attributes(genai_attributes, BASE, why="no model: the operation alone")
for key, values in {"model": ["m", "a b", "日"], "response_model": ["", "x"], "max_tokens": [0, 1],
                    "temperature": [0, 0.0, 1.5, 0.1 + 0.2],
                    "finish_reasons": ["stop", ["stop"], ("stop", "length"), [], "", ["a", "b", "a"], "MAX_TOKENS", ["STOP"]],
                    "output_tokens": [0, 10**12], "error": [("TimeoutError", "took too long"), ("", "x")],
                    "operation": ["chat", "execute_tool", "invoke_agent"], "provider": ["aws.bedrock"]}.items():
    for value in [None, *values]:
        if value is not None or key not in BASE:
            same_attributes(genai_attributes, {**BASE, key: value}, why=f"{key} is {value!r}")
            same_attributes(genai_attributes, {**FULL, key: value}, why=f"{key} is {value!r}")
for bad in ({"provider": "x"}, {"operation": "chat"}, {}, {**FULL, "operation": None}, {**FULL, "provider": None}):
    raises(ValueError, genai_attributes, bad, why="operation and provider are required")
### END HIDDEN TESTS

# %% graded="genai_attributes__usage" points=2
# Looks at how the token counts contain each other.
check(genai_attributes, {"operation": "chat", "provider": "p", "input_tokens": 70, "cache_read_tokens": 400,
                         "output_tokens": 90},
      want=("chat", {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "p", "gen_ai.usage.input_tokens": 470,
                     "gen_ai.usage.cache_read.input_tokens": 400, "gen_ai.usage.output_tokens": 90}))
### BEGIN HIDDEN TESTS
for uncached in (None, 0, 7):
    for read in (None, 0, 300):
        for written in (None, 0, 21):
            for out, thought in ((50, 50), (50, None), (None, 9), (0, 0)):
                same_attributes(genai_attributes, {**BASE, "input_tokens": uncached, "cache_read_tokens": read,
                                                   "cache_write_tokens": written, "output_tokens": out,
                                                   "reasoning_tokens": thought}, why="subsets are not added again")
### END HIDDEN TESTS

# %% graded="genai_attributes__content" points=2
# Looks at what must not leave: texts, messages of errors, unknown keys.
secret = {"operation": "chat", "provider": "p", "messages": [{"role": "user", "content": "my PIN is 4711"}],
          "answer": "noted",
          "error": ("BadRequestError", "cannot parse 'my PIN is 4711'"), "api_key": "sk-1"}
expect(genai_attributes(secret), ("chat", {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "p",
                                          "error.type": "BadRequestError"}), on="a call with secrets")
expect(json.loads(genai_attributes(secret, True)[1]["gen_ai.input.messages"]), secret["messages"],
       on="the captured messages")
### BEGIN HIDDEN TESTS
for capture in (None, False, True):
    for more in ({}, {"messages": None}, {"answer": None}, {"messages": [], "answer": ""},
                 {"answer": 'a "quoted"\n日 \\ line'},
                 {"messages": [{"role": "system", "content": "é\u2028"},
                               {"role": "user", "content": "x" * 3000, "n": [1, None, 2.5]}]},
                 {"error": ("ContentFilter", "my PIN")}, {"gen_ai.system": "x", "headers": {"k": "v"},
                                                          "user_email": "a@b.c",
                                                          "raw": [1], "prompt": "p", "finish_reason": "stop",
                                                          "tokens": 9}):
        same_attributes(genai_attributes, {**FULL, **more}, capture,
                        why="content only where it is asked for; unknown keys never")
call = {**FULL, "finish_reasons": ["stop", "length"]}
unchanged(genai_attributes, call, want=("chat small-1", plain_attributes(call)))
more = {**call, "api_key": "sk-1", "headers": {"k": "v"}, "temperature": None}
unchanged(genai_attributes, more, want=("chat small-1", plain_attributes(more)))
fresh(genai_attributes, call, want=("chat small-1", plain_attributes(call)), why="the list of reasons is a new one")
### END HIDDEN TESTS

# %% [markdown]
# ## 5 · Quantiles that can be merged
#
# The slow requests are what people remember, so a board shows the 99th **percentile** (p99), the quantile at q
# = 0.99, beside the median (p50). Twelve hosts each report their p99. What is the p99 of the service?
#
# **The catch: it is not in the reports.** Percentiles do not average. The picture below has four hosts with
# p99s of its own and shows what their mean says. Counts, however, can be added. So each host sends a
# **histogram**, and it is merged by adding. The buckets decide how exact that is. With borders that grow by a
# factor
#
# $$\gamma = \frac{1 + \alpha}{1 - \alpha}, \qquad i = \lceil \log_\gamma x \rceil,
# \qquad \hat x = \frac{2 \gamma^i}{\gamma + 1},$$
#
# bucket i holds $\gamma^{i-1} < x \le \gamma^i$, and the answer $\hat x$ is off by at most the share α, for a
# microsecond as for an hour. Linear buckets of 0.1 s are blind below and wasteful above. At α = 0.01 all values
# from a nanosecond to 10^9 seconds fit in 2,074 buckets, however many there are. This is **DDSketch**;
# OpenTelemetry's *exponential histogram* has the same idea. A service that streams its answers keeps three such
# histograms: time to the first token, time for each token after it (section 12), and the whole.
#
# Each combination of **labels** (host, model, version of the prompt) is a histogram of its own. So a label has few
# values: with the user's id as a label a million users are a million histograms. Ids belong in spans. An
# **exemplar**, the trace id of one request kept beside its bucket, leads from the p99 on the board to a trace.
#
# ### Exercise 30.5 · merge_sketches
#
# Three functions, in one cell: `sketch`, `merge_sketches` and `quantile`. A sketch is a dict
# `{"alpha": alpha, "zero": n0, "buckets": {i: n}}` with ints `i` and `n > 0`.
#
# - `sketch(values, alpha)` counts: exact zeros in `"zero"`, positive values by the formula. Values are ints or
#   floats: 0, or between 1e-9 and 1e9. A negative, infinite or NaN value raises `ValueError`. α lies between
#   0.001 and 0.5. A value that lies on a border up to float rounding may fall on either side.
# - `merge_sketches(sketches)` is a new sketch with all counts added. None of the arguments changes. Two
#   different α, or no sketch at all: `ValueError`.
# - `quantile(sketch, q)`: the float $\hat x$ of the bucket that holds the value of rank
#   `math.floor(q * (N - 1))`, when all N values are sorted and ranks begin at 0. Zeros give 0.0. q outside [0,
#   1] or NaN: `ValueError`, with values or without. Else, without values: None.
# - `merge_sketches`, then `quantile`, must be exactly what one sketch of all values gives. The order of the
#   keys in `"buckets"` says nothing: sketches come from many writers.
#
# Source: Masson, Rim & Lee 2019, DDSketch, arXiv 1908.10693.

# %% stub="merge_sketches"
def sketch(values: Sequence[float], alpha: float) -> dict:
    """Counts: sketch([0, 1.5, 7, 7.5], 1/3) is {"alpha": 1/3, "zero": 1, "buckets": {1: 1, 3: 2}}."""
    ### BEGIN SOLUTION
    step, buckets, zero = math.log((1 + alpha) / (1 - alpha)), defaultdict(int), 0
    for x in values:
        if not 0 <= x < math.inf:
            raise ValueError(f"a value is neither finite nor positive nor 0: {x}")
        if x == 0:
            zero += 1
        else:
            buckets[math.ceil(math.log(x) / step)] += 1
    return {"alpha": alpha, "zero": zero, "buckets": dict(buckets)}
    ### END SOLUTION
    raise NotImplementedError("sketch")


def merge_sketches(sketches: Sequence[dict]) -> dict:
    """The sketch of all values together."""
    ### BEGIN SOLUTION
    if len({s["alpha"] for s in sketches}) != 1:
        raise ValueError("no sketch, or sketches of different alpha")
    buckets: dict[int, int] = defaultdict(int)
    for s in sketches:
        for i, n in s["buckets"].items():
            buckets[i] += n
    return {"alpha": sketches[0]["alpha"], "zero": sum(s["zero"] for s in sketches), "buckets": dict(buckets)}
    ### END SOLUTION
    raise NotImplementedError("merge_sketches")


def quantile(sketch: dict, q: float) -> float | None:
    """The value at a quantile, off by a share alpha at most: 4 / 3 at q = 0.5 for the sketch above."""
    ### BEGIN SOLUTION
    if not 0 <= q <= 1:
        raise ValueError(f"q lies between 0 and 1, not {q}")
    total = sketch["zero"] + sum(sketch["buckets"].values())
    if total == 0:
        return None
    rank, seen, gamma = math.floor(q * (total - 1)), sketch["zero"], (1 + sketch["alpha"]) / (1 - sketch["alpha"])
    if rank < seen:
        return 0.0
    for i in sorted(sketch["buckets"]):
        seen += sketch["buckets"][i]
        if rank < seen:
            return 2 * gamma**i / (gamma + 1)
    ### END SOLUTION
    raise NotImplementedError("quantile")

# %% [markdown] hints="merge_sketches"
# <details><summary>Hint 1: a question</summary>
#
# Where in the sorted values does rank r stand, if you know only how many lie in each bucket?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# α = 1/3 makes γ = 2. The values 0, 1.5, 7, 7.5: one zero, 1.5 in (1, 2], i = 1, the others in (4, 8], i = 3. q
# = 0.5 with N = 4: rank floor(1.5) = 1. Cumulative counts 1, 2, 4: rank 1 is in bucket 1. Its answer is 2 · 2 /
# 3 = 1.333; the true value 1.5 is off by a ninth, less than a third.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# For x below 1 the logarithm is negative, and `int()` rounds towards zero while the ceiling goes up. A share of
# 0.3 s has its bucket below 0. And the buckets are summed in the order of i.
#
# </details>

# %% graded="merge_sketches__counts" points=2
# Looks at the buckets, below 1 as well as above, and zeros.
check(sketch, [0, 1.5, 7, 7.5], 1 / 3, want={"alpha": 1 / 3, "zero": 1, "buckets": {1: 1, 3: 2}})
check(sketch, [0.3, 0.1, 0.09], 1 / 3, want={"alpha": 1 / 3, "zero": 0, "buckets": {-1: 1, -3: 2}},
      mistakes={"rounded down": {"alpha": 1 / 3, "zero": 0, "buckets": {-2: 1, -4: 2}}})
raises(ValueError, sketch, [1.0, -0.5], 0.01, why="a negative duration")
### BEGIN HIDDEN TESTS
def bucket(x, alpha):
    "The bucket by walking over the borders from 1."
    from fractions import Fraction
    a = Fraction(alpha)
    gamma, i, border = float((1 + a) / (1 - a)), 0, 1.0
    while border < x:
        border, i = border * gamma, i + 1
    while border / gamma >= x:
        border, i = border / gamma, i - 1
    return i


for seed, (n, alpha) in enumerate([(1, 0.01), (9, 0.5), (300, 0.05), (1500, 0.2), (40, 0.01), (20, 0.005)]):
    g = np.random.default_rng(seed)
    values = [0.0] * (seed % 3) + np.exp(g.normal(-1, 4, n)).clip(1e-9, 1e9).tolist() + [5, 70, 1e-9, 1e9]
    want = {"alpha": alpha, "zero": seed % 3, "buckets": {}}
    for x in values[seed % 3:]:
        i = bucket(x, alpha)
        want["buckets"][i] = want["buckets"].get(i, 0) + 1
    got = sketch(list(values), alpha)
    expect(got, want, on=f"sketch of {len(values)} values, alpha {alpha}")
    assert all(isinstance(x, (int, np.integer)) for x in [got["zero"], *got["buckets"],
                                        *got["buckets"].values()]), "ints were asked for"
wide = np.geomspace(1e-9, 1e9, 2600).tolist()
got = sketch(wide, 0.001)["buckets"]
assert len(got) == sum(got.values()) == 2600, (
    f"2,600 values, each in a bucket of its own: got {len(got)} buckets with {sum(got.values())} values")
check(sketch, [], 0.02, want={"alpha": 0.02, "zero": 0, "buckets": {}}, why="no values")
check(sketch, [0, 0.0, -0.0], 0.02, want={"alpha": 0.02, "zero": 3, "buckets": {}}, why="zeros alone")
for bad in (-1, -1e-12, math.inf, -math.inf, float("nan")):
    raises(ValueError, sketch, [1.0, 0.0, bad], 0.1, why=f"a value of {bad}")
unchanged(sketch, [3.0, 1.1, 0.0], 0.1, want=sketch([3.0, 1.1, 0.0], 0.1))
### END HIDDEN TESTS

# %% graded="merge_sketches__merged" points=2
# Looks at merging: counts added, nothing changed, errors.
one, two = {"alpha": 0.1, "zero": 1, "buckets": {-2: 3, 5: 1}}, {"alpha": 0.1, "zero": 2, "buckets": {5: 4, 0: 1}}
check(merge_sketches, [one, two], want={"alpha": 0.1, "zero": 3, "buckets": {-2: 3, 5: 5, 0: 1}})
raises(ValueError, merge_sketches, [one, {"alpha": 0.2, "zero": 0, "buckets": {}}], why="two different alphas")
### BEGIN HIDDEN TESTS
g = np.random.default_rng(5)
for count in (1, 2, 3, 7, 30):
    parts = [{"alpha": 0.05, "zero": int(g.integers(0, 3)),
              "buckets": {int(i): int(g.integers(1, 9)) for i in g.integers(-50, 300, 12 * (j % 4))}}
             for j in range(count)]
    want = {"alpha": 0.05, "zero": sum(p["zero"] for p in parts), "buckets": {}}
    for p in parts:
        for i in p["buckets"]:
            want["buckets"][i] = want["buckets"].get(i, 0) + p["buckets"][i]
    unchanged(merge_sketches, [dict(p, buckets=dict(p["buckets"])) for p in parts], want=want)
    fresh(merge_sketches, parts, want=want)
empty = {"alpha": 0.3, "zero": 0, "buckets": {}}
check(merge_sketches, [empty, dict(empty, zero=4)], want=dict(empty, zero=4))
check(merge_sketches, [empty, empty], want=empty, why="two hosts without a request")
check(merge_sketches, [{"alpha": 0.3, "zero": 10**17, "buckets": {0: 10**17 + 1}}] * 3,
      want={"alpha": 0.3, "zero": 3 * 10**17, "buckets": {0: 3 * 10**17 + 3}},
      why="the same sketch three times, exact counts")
raises(ValueError, merge_sketches, [], why="no sketch has no alpha")
raises(ValueError, merge_sketches, [empty, empty, dict(empty, alpha=0.3001)],
       why="two different alphas, though no values")
raises(ValueError, merge_sketches, [empty, dict(empty, alpha=0.31), empty], why="the alpha in the middle differs")
### END HIDDEN TESTS

# %% graded="merge_sketches__quantiles" points=3
# Looks at ranks, the promised error, and merged against whole.
third = {"alpha": 1 / 3, "zero": 1, "buckets": {3: 2, 1: 1}}
check(quantile, third, 0.5, want=4 / 3, rtol=1e-9, why="rank floor(0.5 * 3) = 1: bucket 1, 2 * 2 / 3",
      mistakes={"the buckets as they stood": 16 / 3, "the upper border": 2.0})
check(quantile, third, 0.0, want=0.0, why="the smallest value is a zero")
check(quantile, {"alpha": 0.1, "zero": 0, "buckets": {}}, 0.5, want=None, why="no values")
### BEGIN HIDDEN TESTS
for seed, (n, alpha) in enumerate([(1, 0.01), (2, 0.3), (7, 0.1), (100, 0.05), (1001, 0.01), (1200, 0.5)]):
    g = np.random.default_rng(10 + seed)
    values = [0.0] * (seed % 4) + np.exp(g.normal(0, 3, n)).clip(1e-9, 1e9).tolist()
    parts = [values[::3], values[1::3], values[2::3]]
    for q in (0, 0.0, 0.1, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1, 1.0, 0.5000001):
        got = quantile(merge_sketches([sketch(p, alpha) for p in parts]), q)
        close_quantile(got, exact(values, q), alpha,
                       f"quantile {q} of {len(values)} values in three sketches, alpha {alpha}")
        expect(got, quantile(sketch(values, alpha), q), on="merged against one sketch of all", rtol=0, atol=0)
wide = np.geomspace(1e-9, 1e9, 2600).tolist()
whole = merge_sketches([sketch(wide[::2], 0.001), sketch(wide[1::2], 0.001)])
for q in (0, 0.05, 0.5, 1):
    close_quantile(quantile(whole, q), exact(wide, q), 0.001, f"quantile {q} of 2,600 values from 1e-9 to 1e9")
g = np.random.default_rng(77)
for alpha in (0.01, 0.2, 0.5):
    gamma = (1 + alpha) / (1 - alpha)
    for n in (1, 2, 3, 8, 11, 400):
        keys = g.permutation(np.arange(-40, 60))[:min(n, 60)].tolist()
        counts = {int(k): int(g.integers(1, 9)) for k in keys}
        zero = int(g.integers(0, 3))
        flat = [None] * zero + [k for k in sorted(counts) for _ in range(counts[k])]
        for q in (0, 0.2, 0.5, 0.75, 0.99, 1):
            k = flat[math.floor(q * (len(flat) - 1))]
            check(quantile, {"alpha": alpha, "zero": zero, "buckets": dict(counts)}, q,
                  want=0.0 if k is None else 2 * gamma**k / (gamma + 1), rtol=1e-9,
                  why="rank floor(q (N - 1)), from 0")
for bad in (-0.01, 1.01, float("nan"), 99, -1):
    raises(ValueError, quantile, dict(third), bad, why=f"q = {bad}")
    raises(ValueError, quantile, {"alpha": 0.1, "zero": 0, "buckets": {}}, bad, why=f"q = {bad}, and no values")
unchanged(quantile, dict(third, buckets=dict(third["buckets"])), 1.0, want=16 / 3, rtol=1e-9)
check(quantile, {"alpha": 0.1, "zero": 3, "buckets": {}}, 1.0, want=0.0, why="zeros alone")
check(quantile, {"alpha": 0.5, "zero": 0, "buckets": {2: 10**9, 0: 10**9}}, 0.5, want=0.5, rtol=1e-9,
      why="rank 999,999,999 of two thousand million")
### END HIDDEN TESTS

# %% tags=["picture"]
observability.host_percentiles(sketch, merge_sketches, quantile)

# %% [markdown]
# Four hosts, one of them slow. The mean of the four p99s is far from the p99 of all requests, too high on the
# left and too low on the right, because a host counts once however many requests it had. Your merged sketch is
# within its 1 %.
#
# ## 6 · An alert that people believe
#
# Quality is a rate: k of n checked answers of an hour were bad. Checks come in three kinds: **rules** (valid
# JSON, a citation that exists), **references** (the right answer is known: offline, on a fixed set, before each
# release), and a **judge** model for the rest, online, on a sample. A judge errs: one that finds 80 % of the
# bad answers and passes 90 % of the good ones reads 12.1 % where the truth is 3 %. Section 21 corrects for it.
# Here k and n are taken as they are. Clicks of users are a fourth kind, from the few who click.
#
# "More than 5 % in an hour" sounds like a rule. With 50 answers an hour and a true rate of 3 % it fires in 19 %
# of all hours, with 20 in 12 %, with 1,000 in 0.02 %. The remedy is to ask whether the *data* say that the rate
# exceeds the threshold: the lower end of **Wilson's interval** for p = k / n,
#
# $$\frac{p + \frac{z^2}{2n} - z \sqrt{\frac{p (1 - p)}{n} + \frac{z^2}{4 n^2}}}{1 + \frac{z^2}{n}}.$$
#
# It solves $p - x = z \sqrt{x (1 - x) / n}$ for x, and stays within [0, 1] where $p - z\sqrt{p(1-p)/n}$ does
# not. z = 1.64 makes it a one-sided bound of 95 %: at a true rate equal to the threshold about one window in
# twenty fires.
#
# **The catch: flapping.** A rate that hovers at a threshold crosses it every other hour. Each crossing is a
# message, and after a week nobody reads them. **Hysteresis** uses two conditions: one to start, a stricter one
# to end, and either must hold for several windows in a row.
#
# Where all requests are counted, not a sample of them, one compares **burn rates**. An objective of 99 % lets 1 %
# of a month's requests fail, the error budget. A rate of 14.4 % burns it at 14.4 times the allowed speed: gone in
# 30 / 14.4 = 2.1 days. Google's Workbook wakes somebody when an hour and its last 5 minutes both burn that fast:
# the hour for the evidence, the 5 minutes so that the alert ends soon.
#
# ### Exercise 30.6 · Alert
#
# Two names, in one cell: `wilson_lower` and `Alert`.
#
# - `wilson_lower(k, n, z)`: the formula as a float; 0.0 if n is 0. k and n are ints with 0 ≤ k ≤ n, z ≥ 0.
# - `Alert(threshold, clear, min_n, z, hold)` is quiet at first. `step(k, n)` takes the next window and returns
#   whether the alert fires **after** it, a bool. `min_n` and `hold` are ints of at least 1; `clear` ≤
#   `threshold`.
#   - A window with fewer than `min_n` answers does not exist: it changes nothing and interrupts no row.
#   - While **quiet**, a window is *bad* if `wilson_lower(k, n, z) > threshold`. The `hold`-th bad one in a row
#     starts the alert.
#   - While **firing**, a window is *good* if `k / n <= clear` (as Python divides). The `hold`-th good one in a
#     row ends it.
#   - Any other window breaks the row. A change of state starts a new row at 0. Two alerts share nothing.
#
# Sources: Wilson 1927; Google's Site Reliability Workbook, chapter "Alerting on SLOs".

# %% stub="Alert"
def wilson_lower(k: int, n: int, z: float) -> float:
    """The lower end of Wilson's interval: wilson_lower(5, 10, 0.0) is 0.5, with z = 1.96 it is 0.2366."""
    ### BEGIN SOLUTION
    if n == 0:
        return 0.0
    p = k / n
    return (p + z * z / (2 * n) - z * math.sqrt(p * (1 - p) / n + (z / (2 * n)) ** 2)) / (1 + z * z / n)
    ### END SOLUTION
    raise NotImplementedError("wilson_lower")


class Alert:
    """Fires after `hold` bad windows in a row, stops after `hold` good ones.

    a = Alert(0.05, 0.03, 20, 1.64, 1); a.step(9, 60) is True, a.step(2, 60) is True, a.step(1, 60) is False.
    """

    def __init__(self, threshold: float, clear: float, min_n: int, z: float, hold: int):
        ### BEGIN SOLUTION
        self.threshold, self.clear, self.min_n, self.z, self.hold = threshold, clear, min_n, z, hold
        self.firing, self.row = False, 0
        return
        ### END SOLUTION
        raise NotImplementedError("Alert")

    def step(self, k: int, n: int) -> bool:
        ### BEGIN SOLUTION
        if n >= self.min_n:
            turns = k / n <= self.clear if self.firing else wilson_lower(k, n, self.z) > self.threshold
            self.row = self.row + 1 if turns else 0
            if self.row == self.hold:
                self.firing, self.row = not self.firing, 0
        return self.firing
        ### END SOLUTION
        raise NotImplementedError("Alert")


# %% [markdown] hints="Alert"
# <details><summary>Hint 1: a question</summary>
#
# Two bad windows, one with three answers, another bad one, hold = 3. Does the alert fire?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# threshold 0.05, clear 0.03, min_n 20, z = 1.64, hold 1. 9 of 60: p = 0.15, lower end 0.090: fires. 2 of 60 =
# 0.033: not above the threshold, but not ≤ 0.03 either: it goes on. 1 of 60: it ends.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# The alert ends by the point estimate, not by Wilson's lower end: that is low as soon as n is small, and would
# end every alert at night.
#
# </details>

# %% graded="Alert__wilson" points=1
# Looks at the lower end of the interval.
check(wilson_lower, 5, 10, 1.96, want=0.23659, rtol=1e-4, mistakes={"the upper end": 0.76341})
check(wilson_lower, 5, 10, 0.0, want=0.5)
check(wilson_lower, 0, 0, 1.96, want=0.0, why="no answers")
### BEGIN HIDDEN TESTS
for k, n in [(0, 1), (1, 1), (0, 30), (1, 30), (7, 7), (3, 60), (59, 60), (500, 1000), (3, 100_000),
             (10**6, 10**9), (12, 37)]:
    for z in (0, 0.5, 1, 1.64, 1.96, 3, 6.0):
        check(wilson_lower, k, n, z, want=wilson(k, n, z), rtol=1e-6, atol=1e-12)
for z in (0, 2.0):
    check(wilson_lower, 0, 0, z, want=0.0)
assert isinstance(wilson_lower(3, 9, 1.0), float), "a float was asked for"
### END HIDDEN TESTS

# %% graded="Alert__fires" points=2
# Looks at when an alert starts: the lower end, min_n, windows in a row.
steps(Alert(0.05, 0.03, 20, 1.64, 1), [("step", (4, 60), False), ("step", (9, 60), True)],
      why="4 of 60 are 6.7 %, but the lower end is 3 %: not yet")
steps(Alert(0.05, 0.03, 20, 1.64, 2), [("step", (9, 60), False), ("step", (3, 3), False), ("step", (9, 60), True)],
      why="three answers are no window: the two bad ones are in a row")
### BEGIN HIDDEN TESTS
follows(Alert, [(19, 19), (0, 0), (20, 20), (0, 19)], 0.05, 0.03, 20, 1.64, 1, why="min_n itself is enough")
follows(Alert, [(9, 60), (2, 60), (9, 60), (9, 60)], 0.05, 0.03, 20, 1.64, 2,
        why="a window that is not bad breaks the row")
follows(Alert, [(9, 60), (4, 60), (9, 60), (9, 60)], 0.05, 0.03, 20, 1.64, 2,
        why="4 of 60 is above the threshold, its lower end is not: it breaks the row as well")
follows(Alert, [(9, 60), (0, 0), (9, 60), (1, 60), (0, 0), (1, 60)], 0.05, 0.03, 20, 1.64, 2,
        why="no answers at all: no window, and no row is interrupted")
follows(Alert, [(9, 60)] * 3 + [(3, 60)] + [(9, 60)] * 6, 0.05, 0.03, 20, 1.64, 4, why="four in a row")
follows(Alert, [(1, 4), (2, 4)], 0.25, 0.25, 1, 0.0, 1, why="equal to the threshold is not above it")
follows(Alert, [(1, 1), (0, 1), (1, 1)], 0.5, 0.1, 1, 0.5, 1, why="one answer is a window when min_n is 1")
for z in (0.5, 1.0, 1.64, 2.5, 4.0):
    follows(Alert, [(k, 60) for k in range(14)], 0.05, 0.03, 20, z, 1, why=f"z = {z}")
    follows(Alert, [(k, 500) for k in range(10, 90, 7)], 0.08, 0.03, 300, z, 1, why=f"z = {z}")
### END HIDDEN TESTS

# %% graded="Alert__hysteresis" points=2
# Looks at when it stops, and at long histories.
steps(Alert(0.05, 0.03, 20, 1.64, 1), [("step", (9, 60), True), ("step", (2, 60), True), ("step", (1, 60), False),
                                       ("step", (2, 60), False)],
      why="2 of 60 lies between clear and threshold: it neither ends an alert nor starts one")
steps(Alert(0.3, 0.25, 4, 0.0, 2), [("step", (9, 9), False), ("step", (9, 9), True), ("step", (1, 4), True),
                                     ("step", (0, 3), True), ("step", (0, 4), False)],
      why="two good windows in a row")
### BEGIN HIDDEN TESTS
follows(Alert, [(9, 60), (1, 60), (9, 60), (1, 60), (1, 60), (9, 60), (9, 60), (1, 60), (5, 60), (1, 60),
                (1, 60)], 0.05, 0.03, 20,
        1.64, 2, why="rows begin anew after each change")
follows(Alert, [(60, 60), (15, 60), (60, 60), (16, 60), (15, 60)], 0.5, 0.25, 20, 1.64, 1,
        why="equal to clear is good")
follows(Alert, [(90, 100), (30, 100), (29, 100), (90, 100)], 0.5, 0.29, 20, 1.64, 1, why="29 / 100 <= 0.29")
follows(Alert, [(60, 60), (0, 19), (0, 0), (0, 60), (60, 60), (0, 1), (0, 60)], 0.5, 0.0, 20, 1.64, 1,
        why="clear = 0")
follows(Alert, [(60, 60)] * 3 + [(1, 60)] * 2 + [(0, 5)] + [(1, 60)] + [(60, 60)] * 7, 0.5, 0.1, 20, 1.64, 3)
for seed, settings in enumerate([(0.05, 0.03, 20, 1.64, 1), (0.05, 0.04, 50, 1.0, 2), (0.1, 0.1, 30, 1.96, 3),
                                 (0.061, 0.01, 1, 0.0, 1),
                                 (0.2, 0.15, 10, 0.7, 5), (0.08, 0.02, 64, 1.3, 2)]):
    g = np.random.default_rng(seed)
    rate, windows = settings[0], []
    for i in range(150):
        rate = float(np.clip(rate + g.normal(0, 0.04), 0.0, 0.5)) if i % 12 else (0.0 if i % 24 else 0.4)
        n = int(g.integers(0, 100))
        windows.append((int(g.binomial(n, rate)), n))
    follows(Alert, windows, *settings)
one, two = Alert(0.05, 0.03, 20, 1.64, 1), Alert(0.9, 0.03, 20, 1.64, 1)
expect((one.step(30, 60), two.step(30, 60), one.step(2, 60)), (True, False, True), on="two alerts in turn",
       why="two alerts share nothing")
assert isinstance(one.step(1, 60), (bool, np.bool_)), "a bool was asked for"
### END HIDDEN TESTS

# %% tags=["picture"]
observability.chances_to_fire(Alert)

# %% [markdown]
# The chance that one window starts an alert at 5 %, against the true rate, by n. Dashed: the point estimate. A
# good curve is low left of the line and steep behind it. Wilson's price shows right of the line: what is only a
# little worse takes many answers to see.
#
# ## 7 · Drift
#
# | what fails | what sees it |
# |---|---|
# | invented facts | a check against the passages (section 21) |
# | a broken format | a schema, on every answer |
# | a prompt that got worse | a fixed set before the release, compared pair by pair with an interval (section 11) |
# | slowness | the p99, then self times |
# | cost | tokens by kind and price (section 27) |
# | an answer that was cut off | finish reason `length` |
# | a prompt that is too long | its tokens, counted before the call |
# | injection | a gateway (section 07) |
#
# One kind escapes them all: **slow change**.
#
# An alert needs somebody who says what is bad. Often nobody has: the questions change, the index grows old, a
# provider changes the model behind a name. Then compare distributions: a **reference** (last month's lengths of
# prompts, scores of the best passage, topics) with what comes now. Two numbers are usual:
#
# $$\text{PSI} = \sum_b (c_b - r_b) \ln \frac{c_b}{r_b}, \qquad \text{KS} = \max_x |F_r(x) - F_c(x)|.$$
#
# The **population stability index** cuts the reference into bins of about equal share; $r_b$ and $c_b$ are the
# shares of reference and current in bin b. The **Kolmogorov–Smirnov** distance has no bins: the largest gap
# between the two cumulative shares F(x), the share of values ≤ x.
#
# **The catch: nothing is never 0.** Two samples of one distribution differ, too. With B bins and samples of n
# and m the PSI of *no* drift is about (B − 1)(1 / n + 1 / m): 0.18 for ten bins and 100 against 100. The rule
# of thumb "above 0.1: look, above 0.25: act" comes from credit scoring, with thousands of cases. And with a
# million values everything is significant: then look at the size.
#
# ### Exercise 30.7 · drift
#
# `drift(reference, current, bins=10, floor=1e-4)` returns `(psi, ks)`, two floats.
#
# - Both are non-empty sequences of finite numbers, of different lengths; else (one is empty) `ValueError`.
#   `bins` ≥ 1, `floor` > 0.
# - The borders are values of the sorted reference R of length n: `R[j * n // bins]` for j = 1 … bins − 1, each
#   **once**, however often it comes. A value belongs to the bin after all borders that are ≤ it: one *equal* to
#   a border to the upper bin. The outer bins are open.
# - Each share is raised to `floor` if it is below, in both samples; they are not scaled to 1 again.
# - KS over all values of both; ties are taken together.
# - The samples are in no order, and stay as they are. Thirty thousand values take less than a second.
#
# Sources: Kolmogorov–Smirnov as in `scipy.stats.ks_2samp`; PSI: Siddiqi, *Credit Risk Scorecards*, 2006.

# %% stub="drift"
def drift(reference: Sequence[float], current: Sequence[float], bins: int = 10,
          floor: float = 1e-4) -> tuple[float, float]:
    """Population stability index and Kolmogorov-Smirnov distance.

    drift([1, 2, 3, 4], [3, 4, 5, 6], bins=2): border 3, shares 0.5, 0.5 and 0.0001, 1.0; PSI 4.604, KS 0.5.
    """
    ### BEGIN SOLUTION
    if not len(reference) or not len(current):
        raise ValueError("a sample is empty")
    ref, cur = np.sort(np.asarray(reference, dtype=np.float64)), np.sort(np.asarray(current, dtype=np.float64))
    borders = np.unique(ref[[j * len(ref) // bins for j in range(1, bins)]])
    r, c = (np.bincount(np.searchsorted(borders, x, side="right"),
                        minlength=len(borders) + 1) / len(x) for x in (ref, cur))
    r, c = np.maximum(r, floor), np.maximum(c, floor)
    points = np.concatenate([ref, cur])
    gaps = np.searchsorted(ref, points, side="right") / len(ref) - np.searchsorted(cur, points,
                                                                                   side="right") / len(cur)
    return float(((c - r) * np.log(c / r)).sum()), float(np.abs(gaps).max())
    ### END SOLUTION
    raise NotImplementedError("drift")

# %% [markdown] hints="drift"
# <details><summary>Hint 1: a question</summary>
#
# What does a bin contribute that is empty in one of the samples?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# R = 1, 2, 3, 4 and two bins: the border is R[2] = 3, and 3 itself is in the upper bin: shares 0.5 and 0.5.
# Current 3, 4, 5, 6: 0 and 1, raised to 0.0001 and 1. Each term: (0.0001 − 0.5) ln(0.0002) = 4.258, and 0.5 ln
# 2 = 0.347. KS: at x = 2 it is 0.5 against 0.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# A bin may be empty in the reference, too: the lowest one, where many values equal the smallest. And a walk
# through both sorted lists that moves one element at a time looks at the gap in the middle of a tie, where it is
# larger than it ever is.
#
# </details>

# %% graded="drift__psi" points=2
# Looks at borders, ties, empty bins, the floor.
check(drift, [1, 2, 3, 4], [3, 4, 5, 6], 2, want=(4.604318, 0.5), rtol=1e-6)
check(drift, [2, 2, 2, 2, 9], [2, 9, 9], 4, want=(0.0, 7 / 15), rtol=1e-9, atol=1e-12,
      why="all three borders are 2: one border, and everything lies in the bin above it")
raises(ValueError, drift, [], [1.0], why="there is no reference")
### BEGIN HIDDEN TESTS
for seed, (n, m, bins) in enumerate([(1, 1, 10), (1, 7, 3), (5, 3, 10), (60, 41, 10), (300, 500, 7),
                                     (1100, 900, 20), (10, 10, 1), (33, 20, 100)]):
    g = np.random.default_rng(seed)
    for shift in (0.0, 0.7, 50.0):
        ref, cur = g.normal(0, 1, n).tolist(), g.normal(shift, 1.5, m).tolist()
        for floor in (1e-4, 0.01, 0.15):
            check(drift, ref, cur, bins, floor, want=drifted(ref, cur, bins, floor), rtol=1e-9, atol=1e-12)
        ties = [round(x) for x in ref], [round(2 * x) / 2 for x in cur]
        check(drift, *ties, bins, want=drifted(*ties, bins, 1e-4), rtol=1e-9, atol=1e-12,
              why="ties, ints and floats")
for ref, cur in [([3, 3, 3], [3]), ([3, 3, 3], [4, 2, 3]), ([0, 0, 0, 0, 0, 1], [0.0, 1, 1]),
                 ([-1, 0, 1], [0, 0]), ([1e9, 1e9 + 1e-6] * 5, [1e9] * 4)]:
    check(drift, ref, cur, want=drifted(ref, cur, 10, 1e-4), rtol=1e-9, atol=1e-12,
          why="defaults: ten bins, floor 1e-4")
got = drift([1, 2], [2, 3])
assert all(isinstance(x, float) for x in got), f"two floats were asked for, got {got!r}"
raises(ValueError, drift, [1.0, 2.0], [], why="there is nothing current")
raises(ValueError, drift, [], [], why="both are empty")
### END HIDDEN TESTS

# %% graded="drift__ks" points=2
# Looks at the distance, ties, order, size.
check(drift, [1, 1, 1, 1], [1, 1, 2], 1, want=(0.0, 1 / 3), rtol=1e-9,
      why="at 1 it is 1 against 2/3; one bin has PSI 0",
      mistakes={"looked in the middle of a tie": (0.0, 1.0)})
### BEGIN HIDDEN TESTS
for seed, (n, m) in enumerate([(2, 9), (50, 31), (400, 700), (1300, 17)]):
    g = np.random.default_rng(100 + seed)
    ref, cur = g.integers(0, 6, n).tolist(), (g.integers(0, 12, m) / 2).tolist()
    unchanged(drift, ref, cur, 4, want=drifted(ref, cur, 4, 1e-4), rtol=1e-9, atol=1e-12)
    check(drift, cur, ref, 4, want=drifted(cur, ref, 4, 1e-4), rtol=1e-9, atol=1e-12, why="the other way round")
check(drift, [5, 6], [1, 2, 3], 2, want=drifted([5, 6], [1, 2, 3], 2, 1e-4), rtol=1e-9, why="no overlap: KS is 1")
check(drift, [1.0, 1.0 + 2**-50], [1.0 + 2**-50], 2, 0.1, want=drifted([1.0, 1.0 + 2**-50], [1.0 + 2**-50], 2,
                                                                       0.1), rtol=1e-9,
      why="float64 stays float64")
g = np.random.default_rng(9)
ref, cur = g.normal(0, 1, 30_000).tolist(), g.normal(0.1, 1, 27_000).tolist()
check(drift, ref, cur, want=drifted(ref, cur, 10, 1e-4), rtol=1e-9, why="thirty thousand values")
### END HIDDEN TESTS

# %% tags=["picture"]
observability.noise_of_psi(drift)

# %% [markdown]
# The PSI of two samples of **one** distribution by their size (ten bins, forty pairs each), and of one shifted
# by a quarter of a standard deviation. With 100 values the usual line of 0.1 is crossed most of the time,
# though nothing has changed.
#
# ## 8 · The board
#
# Now the pieces run together: flat spans of many traces and several hosts come in, mixed, and out comes a row
# for each window of time: how many requests, how many failed, the median and the p99, which work took the time,
# whether the alert fires.
#
# **The catch: what is a failed request?** A tool call fails and is tried again: the span has an error, the
# request has none. Count spans with errors and every retry is an outage. Count requests by their **root**. And
# a trace of which a span is lost has no trustworthy duration: it is counted apart, aloud. Leaving it out
# silently makes the worst hour look best.
#
# ### Exercise 30.8 · watch
#
# `watch(spans, window, alpha, settings)` returns `(rows, incomplete)`.
#
# - `spans` are dicts as `span` of the setup makes them, of any number of traces, in any order; a span's id is
#   unique within its trace alone. Trace ids are ints. `window` is a length in ns (an int), `alpha` that of the
#   sketches, `settings` the five arguments of one `Alert`.
# - A trace is **complete** if exactly one span has the parent None, and `span_tree` finds neither orphans nor
#   cyclic spans. `incomplete` is the list of the ids of the other traces, in increasing order. They count
#   nowhere else.
# - A complete trace belongs to window number `end // window` of its **root**; its duration is that of the root,
#   in seconds (`(end - start) / 1e9`); it has failed if the root's `"error"` is true.
# - `rows` holds a dict for every window number from the first with a complete trace to the last, windows
#   without traces among them, in order; no complete trace: an empty list. Its keys: `"window"` the number,
#   `"n"` complete traces, `"failed"` how many of them failed, `"p50"` and `"p99"` by your `quantile` (None if n
#   = 0), `"slowest"` the **name** whose spans have the largest sum of self times over the window's traces (of
#   equal sums the alphabetically first; None if n = 0), `"firing"` the alert after this window: one alert,
#   stepped through all rows.
# - Nothing that is passed in changes, and a second call starts with a quiet alert. No span ends before it
#   starts.
#
# Source: the data model of traces in OpenTelemetry, https://opentelemetry.io/docs/concepts/signals/traces/.

# %% stub="watch"
def watch(spans: Sequence[Mapping], window: int, alpha: float,
          settings: tuple[float, float, int, float, int]) -> tuple[list[dict], list[int]]:
    """The rows of a board, and the traces that nobody should trust.

    One span from 0 to 5 s, window 10 s: one row, n 1, failed 0, p50 about 5, slowest "step", firing False.
    """
    ### BEGIN SOLUTION
    traces, incomplete, seen = defaultdict(list), [], defaultdict(list)
    for s in spans:
        traces[s["trace"]].append(s)
    for trace, members in traces.items():
        tree, tops = span_tree(members), [s for s in members if s["parent"] is None]
        if len(tops) != 1 or tree["orphans"] or tree["cyclic"]:
            incomplete.append(trace)
        else:
            seen[tops[0]["end"] // window].append((tops[0], members, tree["self"]))
    alert, rows = Alert(*settings), []
    for number in range(min(seen), max(seen) + 1) if seen else ():
        found, work = seen.get(number, []), defaultdict(int)
        for _, members, own in found:
            for s in members:
                work[s["name"]] += own[s["id"]]
        durations = sketch([(root["end"] - root["start"]) / 1e9 for root, _, _ in found], alpha)
        failed = sum(bool(root["error"]) for root, _, _ in found)
        rows.append({"window": number, "n": len(found), "failed": failed, "p50": quantile(durations, 0.5),
                     "p99": quantile(durations, 0.99), "slowest": min(work, key=lambda w: (-work[w], w),
                                                                      default=None),
                     "firing": alert.step(failed, len(found))})
    return rows, sorted(incomplete)
    ### END SOLUTION
    raise NotImplementedError("watch")

# %% [markdown] hints="watch"
# <details><summary>Hint 1: a question</summary>
#
# Which of your functions wants the spans of one trace, and which those of all traces of a window?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Window 10. Trace 1: a root "request" from 2 to 9 with a child "model" from 3 to 8. Trace 2: a root "request"
# from 8 to 31. Rows 0, 1, 2, 3 with n = 1, 0, 0, 1. In row 0 "model" has 5 of the 7, in row 3 "request" has all
# 23.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# The alert sees every row, the empty ones too (`min_n` passes over them), and lives as long as one call of
# `watch`.
#
# </details>

# %% graded="watch__rows" points=2
# Looks at windows, counts, durations, the name with most self time.
small = [span(1, None, 2 * SECOND, 9 * SECOND, "request"), span(2, 1, 3 * SECOND, 8 * SECOND, "model", error=True),
         span(1, None, 8 * SECOND, 31 * SECOND, "request", trace=2, error=True)]
rows, lost = watch(small, 10 * SECOND, 0.01, (0.5, 0.1, 1, 0.0, 1))
expect([(r["window"], r["n"], r["failed"], r["slowest"], r["firing"]) for r in rows],
       [(0, 1, 0, "model", False), (1, 0, 0, None, False), (2, 0, 0, None, False), (3, 1, 1, "request", True)],
       on="window, n, failed, slowest, firing of each row",
       why="the failed model call of trace 1 was no failed request")
expect(lost, [], on="the incomplete traces")
### BEGIN HIDDEN TESTS
same_board(watch, [], 10, 0.01, (0.5, 0.1, 1, 0.0, 1), why="no spans, no rows")
same_board(watch, [span(1, 2)], 10, 0.01, (0.5, 0.1, 1, 0.0, 1),
           why="an orphan alone: no rows, one incomplete trace")
same_board(watch, [span(1, None, 3, 3)], 10, 0.01, (0.5, 0.1, 1, 0.0, 1), why="a request of no length")
same_board(watch, [span(1, None, 0, 9, "b"), span(2, 1, 0, 3, "a"), span(3, 2, 0, 0, "A"),
                   span(1, None, 0, 10, "c", trace=0)], 10, 0.3,
           (0.5, 0.1, 1, 0.0, 1), why="an end at the border belongs to the next window")
same_board(watch, [span(1, None, 0, 6, "b"), span(2, 1, 0, 3, "a")], 10, 0.3, (0.5, 0.1, 1, 0.0, 1),
           why="equal sums: the alphabetically first")
same_board(watch, [span(1, None, 0, 6 * 10**8, "a"), span(2, 1, 0, 10**8, "b"), span(3, 1, 10**8, 3 * 10**8, "b")],
           SECOND, 0.3, (0.5, 0.1, 1, 0.0, 1), why="equal sums in whole ns: 0.1 + 0.2 s is 0.3 s, not a little more")
same_board(watch, [span(1, None, 0, 9, "b"), span(2, 1, 1, 4, "a"), span(3, 1, 5, 9, "a"),
                   span(1, None, 0, 4, "b", trace=7)], 10, 0.3,
           (0.5, 0.1, 1, 0.0, 1), why="self times are summed by name over the traces of a window")
same_board(watch, [span(1, None, 50, 55), span(1, None, 60, 71, trace=2)], 10, 0.3, (0.5, 0.1, 1, 0.0, 1),
           why="the rows begin with the first window that has a trace")
same_board(watch, [span(1, None, 1_764_000_000 * SECOND, 1_764_000_001 * SECOND - 1),
                   span(1, None, 1_764_000_000 * SECOND,
                                                                                     1_764_000_001 * SECOND,
                                                                                           trace=2)],
           SECOND, 0.3, (0.5, 0.1, 1, 0.0, 1), why="a nanosecond before the border: whole numbers all the way")
for seed, (count, window, alpha) in enumerate([(3, 10**11, 0.01), (40, 10**11, 0.05), (150, 7 * 10**10, 0.3),
                                               (300, 10**12, 0.01)]):
    same_board(watch, requests(seed, count), window, alpha, (0.2, 0.1, 5, 0.5, 1))
### END HIDDEN TESTS

# %% graded="watch__broken" points=2
# Looks at what counts as failed and as complete.
got = watch([span(1, None, 0, 5), span(1, None, 0, 5, trace=4), span(2, 9, 1, 2, trace=4),
             span(1, 1, 0, 5, trace=3)], 10, 0.01,
            (0.5, 0.1, 1, 0.0, 1))
expect((len(got[0]), got[0][0]["n"], got[1]), (1, 1, [3, 4]), on="rows, n of the first, incomplete traces",
       why="trace 4 has an orphan, trace 3 a span that is its own parent")
### BEGIN HIDDEN TESTS
for seed in range(3):
    same_board(watch, requests(50 + seed, 60, broken=0.6), 10**11, 0.1, (0.2, 0.1, 5, 0.5, 1),
               why="broken traces count apart")
same_board(watch, [span(1, None, 0, 5), span(3, 2, 1, 2), span(1, None, 0, 5, trace=2), span(2, 1, 0, 4, trace=2)],
           10, 0.01, (0.5, 0.1, 1, 0.0, 1), why="a parent with this id in another trace is not this trace's")
same_board(watch, [span(1, None, 0, 5), span(2, None, 0, 50)], 10, 0.01, (0.5, 0.1, 1, 0.0, 1), why="two roots")
same_board(watch, [span(1, None, 0, 5, error=True), span(1, None, 90, 95, trace=0), span(2, 1, 0, 99, trace=0),
                   span(2, 2, 0, 99, trace=5), span(1, None, 0, 3, trace=5)],
           10, 0.01, (0.5, 0.1, 1, 0.0, 1), why="a child outside its parent drops no trace; trace id 0 counts")
same_board(watch, [span(1, None, 0, 5), span(2, 1, 0, 4, error=True), span(3, 1, 0, 5, error=True)], 10, 0.01,
           (0.5, 0.1, 1, 0.0, 1),
           why="errors below the root are no failed request")
### END HIDDEN TESTS

# %% graded="watch__alert" points=2
# Looks at the alert over the rows, and at a second call.
late = [span(i, None, 0, 5 + 10 * (i // 20), trace=i, error=i % 2 == 1 and 40 <= i < 80) for i in range(140)]
for turn in range(2):
    rows, _ = watch(late, 10, 0.01, (0.1, 0.05, 10, 1.64, 2))
    expect([r["firing"] for r in rows], [False, False, False, True, True, False, False],
           on=f"the alert over seven windows, call {turn + 1}",
           why="two bad windows in a row start it, two good ones end it")
### BEGIN HIDDEN TESTS
for seed, settings in enumerate([(0.05, 0.02, 3, 0.3, 1), (0.2, 0.1, 8, 0.0, 2), (0.1, 0.1, 1, 1.0, 1)]):
    spans = requests(80 + seed, 200, span_of=3 * 10**12)
    same_board(watch, [s for s in spans if not 4 <= s["end"] // 10**11 % 10 <= 5], 10**11, 0.1, settings)
for turn in range(2):
    same_board(watch, late[:80], 10, 0.01, (0.1, 0.05, 10, 1.64, 2), why="a call begins with a quiet alert")
spans = requests(90, 20)
unchanged(watch, spans, 10**11, 0.2, (0.2, 0.1, 2, 0.5, 1), want=board(spans, 10**11, 0.2, (0.2, 0.1, 2, 0.5, 1)),
          rtol=1e-9)
### END HIDDEN TESTS

# %% tags=["picture"]
observability.dashboard(watch)

# %% [markdown]
# A day of about 1,450 requests through the real SDK, read back and watched by your function with an alert at 5
# %. At 14 o'clock the rate of failures rose from 3 to 12 %. At 18 o'clock retrieval became ten times slower;
# the p99 says that something is slow, the self times say what.
#
# ## 9 · The experiment: four alerts, one incident
#
# 60 answers an hour are checked. The true rate is 3 %, the threshold 5 %. Then a release takes the rate to 8 %.
# Four designs watch:
#
# | design | window | starts when |
# |---|---|---|
# | `"point"` | 1 hour | k / n > 5 % |
# | `"Wilson"` | 1 hour | Wilson's lower end (z = 1.64) > 5 % |
# | `"Wilson twice"` | 1 hour | the same, in two hours in a row |
# | `"Wilson 6 h"` | 6 hours, about 360 answers | Wilson's lower end > 5 % |
#
# How long until each fires, on average? Write the four names into `prediction`, **the quickest first**. A tip:
# estimate the chance that one window fires from your picture in part 6. The experiment takes about 3 s.

# %% stub="prediction"
prediction: list[str] | None = None  # the four names, the quickest first
### BEGIN SOLUTION
prediction = ["point", "Wilson", "Wilson 6 h", "Wilson twice"]
### END SOLUTION

# %% graded="prediction__committed" points=1
# Any order of the four names.
committed(prediction, order_of=["Wilson", "Wilson 6 h", "Wilson twice", "point"])

# %% graded="prediction__right" points=1
# The order is the one that the experiment shows.
committed(prediction, order_of=["Wilson", "Wilson 6 h", "Wilson twice", "point"])
### BEGIN HIDDEN TESTS
predicted(prediction, ["point", "Wilson", "Wilson 6 h", "Wilson twice"],
          why="compare the hours until it fires in the experiment's table")
### END HIDDEN TESTS

# %% tags=["experiment"]
DESIGNS = {"point": (1, (0.05, 0.05, 1, 0.0, 1)), "Wilson": (1, (0.05, 0.03, 20, 1.64, 1)),
           "Wilson twice": (1, (0.05, 0.03, 20, 1.64, 2)),
           "Wilson 6 h": (6, (0.05, 0.03, 20, 1.64, 1))}


def hours_until(alert, window, answers):
    "Hours until an alert fires; answers gives (bad, checked) of one hour after another."
    k = n = 0
    for hour, (bad, checked) in enumerate(answers, 1):
        k, n = k + bad, n + checked
        if hour % window == 0 and alert.step(k, n):
            return hour
        k, n = (k, n) if hour % window else (0, 0)


def kept(trace_id, failed, seconds):
    "Tail sampling: what failed, what was slow, and a tenth of the rest."
    return failed or seconds > 5 or trace_sampled(trace_id, 0.1)


table = observability.incidents(DESIGNS, hours_until, Alert, kept, trace_sampled, prediction=prediction)

# %% [markdown]
# - Read both columns together: what does an hour of delay buy in false alarms? The last two fire falsely once in
#   the 100 weeks, or never: too rarely to tell them apart. So the hours decide between them.
# - The incident begins when a window does. In the middle of one, six hours need about an hour and a half more.
# - The second table samples the SDK's traces of part 8. Your head sampling and the SDK's own sampler keep the
#   same. The failure rate among what the tail keeps is not that of the day. With weights it is, about: a failed
#   or slow trace counts 1, another one 10 (last row).
# - What this does not show: answers of one hour resemble each other (one user, one document), and rates differ
#   by time of day. Both make real alarms more frequent than these.
#
# ## 10 · Feel it: traffic, threshold, z
#
# How many answers an hour does it take to see 8 % within two hours, with less than one false alarm a week?

# %% tags=["widget"]
observability.widget(wilson_lower)

# %% [markdown]
# ## 11 · Say it: the written question
#
# A person reads this answer (in a study group, you do, with the marking scheme).

# %% [markdown] question="liar"
# A help desk answers 24,000 requests a day. A judge model checks 50 answers an hour. The board shows the **mean
# of twelve hosts' p99s**. An alert fires when **more than 5 %** of an hour's checks are bad; it fired 31 times
# last week, and nobody looks any more. **Head sampling keeps 1 %**. On Tuesday 20 requests failed, and not one
# trace of them was found. Every span carries the full prompt. By hand, 3 % of the answers are bad. Write, in
# about 15 lines:
#
# 1. How many hours of a week fire by chance alone if the judge is perfect? What does the board read if the
#    judge finds 80 % of the bad answers and passes 90 % of the good ones? Your alert.
# 2. How probable was it to find at least one trace of Tuesday's failures? What do you change, and what becomes
#    wrong by the change?
# 3. What is wrong with the p99, and what do the hosts send instead?
# 4. Which text may stay in the spans, and by what rule?
#
# === BEGIN MARK SCHEME ===
#
# 1 point each:
#
# - **Alert**: n = 50 at 3 % fires with probability 0.19: about 32 of 168 hours. An imperfect judge reads 0.8 ·
#   0.03 + 0.1 · 0.97 = 12.1 %: it would fire always, so correct for sensitivity and specificity. Lower end of
#   Wilson's interval, least n, a stricter condition to end, longer windows or more checks. (Half a point
#   without the 12.1 %.)
# - **Sampling**: 1 − 0.99^20 = 0.18. Tail sampling: keep what failed or was slow, a share of the rest by trace
#   id; needs whole traces in one place and no head sampling before it. Rates from the kept traces are wrong
#   unless weighted by 1 / probability. (Half a point without the last.)
# - **Percentiles**: they do not average; a host counts once however many requests it had. Histograms with
#   growing buckets, merged by adding counts, relative error α. (Half a point for one of the two.)
# - **Content**: opt-in, off by default; a list of allowed attributes; type of an error, not its message; if
#   content is needed, in a store of its own with redaction, short life and access rights. (Half a point without
#   the allowed list or the message of errors.)
#
# === END MARK SCHEME ===

# %% [markdown] written="liar" points=4
# ### BEGIN SOLUTION
# 1. With 50 checks the alert fires at 3 or more bad ones: probability 0.19 at a true 3 %, so about 32 of the
#    week's 168 hours. That is what was seen. With the imperfect judge the board reads 0.8 * 0.03 + 0.1 * 0.97 =
#    12.1 %, and it would fire all the time: I correct the rate on a labelled sample. Then: Wilson's lower end
#    above 5 %, at least 20 checks, ends at 3 %, and I add up hours or check more answers, because 50 an hour
#    say little.
# 2. 1 - 0.99 ** 20 = 0.18. The head lets all pass; the tail keeps failed and slow traces and 1 % of the others
#    by trace id. The collector needs all spans of a trace together. Rates computed from these traces are far too
#    high; each must count 1 / (its probability to be kept).
# 3. A mean of percentiles is no percentile: the small host counts like the large one. Hosts send histograms
#    with log buckets; the board adds them and reads p99 to 1 %.
# 4. None by default. An allow-list of attributes: model, tokens, finish reasons, type of error. Error messages
#    quote prompts, so they stay out. Content only where somebody switched it on, redacted, in a store with
#    short life and few readers.
# ### END SOLUTION

# %% [markdown]
# ## 12 · Say it: interview cards
#
# Say your answer aloud, then unfold.

# %% [markdown] card="30.1" level="basic"
# <details><summary>What is LLM observability, and how does it differ from traditional monitoring?</summary>
#
# - The usual three signals (metrics, logs, traces) plus **evaluation** of the content, on a sample.
# - The difference is one question: 200 OK says that it answered, not that the answer was right. It is *not*
#   that ordinary monitoring knows CPU and memory only: it has traces and service level objectives, too.
# - New in the spans: model, tokens in and out with their cached and reasoning parts, finish reasons.
# - New risk: the payload is people's text. Content is opt-in.
# - Slip: "three pillars: tracing, evaluation, monitoring" is vendors' wording.
#
# </details>

# %% [markdown] card="30.2" level="medium"
# <details><summary>How does LLM tracing work?</summary>
#
# - A trace is a tree of spans: trace id (16 bytes), span id (8 bytes), parent, start, end, name, attributes.
#   Parent means caller, so retrieval, model and tools are **siblings** under the request, not nested in each
#   other.
# - Across services: the header `traceparent`, version, trace id, caller's span id, flags. What does not parse
#   begins a new trace.
# - Sampling is decided once: by the caller's bit, else by the low 64 bits of the id against round(rate · 2^64).
# - Attributes: `gen_ai.operation.name` and `gen_ai.provider.name` are required; `finish_reasons` is a list;
#   `input_tokens` includes the cached ones. Name "chat small-1".
# - Self time = duration minus the *union* of the children: three parallel tools are not subtracted three times.
# - A conversation is many traces, joined by `gen_ai.conversation.id`.
# - Slip: a UUID and a flat dict for each call: no parents, no path.
#
# </details>

# %% [markdown] card="30.3" level="medium"
# <details><summary>What types of evaluation are there for LLMs?</summary>
#
# - By time: **offline**, a fixed set before each release; **online**, a sample of live traffic, for what nobody
#   thought of.
# - By method: **rules** (JSON parses, the cited passage exists: cheap, exact, narrow), **reference** (the right
#   answer is known), **judge** model, people.
# - A judge's rate is not the rate: sensitivity 0.8, specificity 0.9 turn 3 % into 12.1 %. Correct on a labelled
#   sample.
# - The gate of a release compares pairs on the same items with an interval, slice by slice; "the mean is lower"
#   is noise.
# - Slip: one set of rules for all: that of valid JSON fails all prose.
#
# </details>

# %% [markdown] card="30.4" level="medium"
# <details><summary>What failure modes are typical of LLMs, and how do you catch them?</summary>
#
# - Invented facts: grounding check on a sample, rate with Wilson's lower end. Wrong format: schema, on every
#   answer.
# - Retrieval goes stale: drift of the best passage's score (PSI, KS) against last month.
# - A prompt or model change makes it worse: fixed set before the release; on-line by version.
# - Slow: p99 from merged histograms, then self times by name. Dear: tokens by kind and price, not tokens alone.
# - Cut off: finish reason `length`; a prompt too long: count tokens before the call. Injection: section 07's
#   gateway.
# - Each alarm: at least n answers, a stricter condition to end, and somebody who does something.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>Can you average the p99 of your hosts?</summary>
#
# - No. In part 5's picture the mean is 2.71 s where the truth is 1.69 s, and 3.18 s where it is 6.58 s.
# - Counts add. Histograms with borders growing by γ = (1 + α) / (1 − α) answer any quantile within α, and merge
#   exactly.
# - α = 1 % from a nanosecond to 10^9 s: 2,074 buckets at most.
# - The same for windows: an hour's p99 is not the mean of sixty minutes' p99s.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>Head or tail sampling?</summary>
#
# - **Head**: decided at the start, from the id; cheap, consistent, blind. At 1 % at least one of 20 failures is
#   caught with probability 0.18, at 10 % with 0.88. One rule everywhere, or the parent's bit decides.
# - **Tail**: after the end; all failed and slow ones and a share of the rest. Needs all spans of a trace in one
#   buffer, and a head that lets everything pass: behind a head of 1 % it sees 1 % of the failures.
# - A coin in each of four services at 10 % leaves one whole trace in 10,000.
# - Rates from a tail sample need weights 1 / probability; metrics are counted *before* sampling.
#
# </details>

# %% [markdown] card="30.5" level="killer"
# <details><summary>How would you design an observability stack for an LLM in production?</summary>
#
# - **Emit**: OpenTelemetry SDK in each service, `traceparent` through all calls, one span a step, attributes by
#   allow-list. Content off; where it is on: redacted, in a store of its own, short life.
# - **Collect**: metrics from *all* requests (counts, histograms that merge; labels with few values, ids in spans
#   alone); then tail sampling: failures, slow ones, a share by id.
# - **Evaluate**: rules on everything, a judge on a sample, people on a sample of that, which gives the judge's
#   sensitivity and specificity.
# - **Board**: by version of prompt and model, and by tenant: failures by root, p50 and p99 of the first token and
#   of the whole, tokens by kind, self time by name, incomplete traces.
# - **Alert**: Wilson's lower end, least n, hysteresis. With 50 checks an hour "> 5 %" fires in 19 % of all
#   hours at a true 3 %. For rare failures burn rates of the error budget, in a long and a short window at once.
# - **Drift**: PSI or KS on scores and lengths, with what sampling alone gives: (B − 1)(1 / n + 1 / m).
# - **Close the loop**: failed traces become items of the offline set.
# - Test it: break something on purpose and see who notices.
#
# </details>

# %% [markdown] card="" level="killer"
# <details><summary>PSI went to 0.2 overnight. Do you roll back?</summary>
#
# - First n: with 100 against 100 values and ten bins no drift at all gives 0.18 on average. With 10,000 it
#   would be large.
# - Then what: which bins, which tenant, which language. A new customer is drift and no fault.
# - Then whether it hurts: the checked rate, by slice, with its interval. Drift says *different*, not *worse*.
# - KS beside it: no bins, and it is not moved by an empty bin and its floor.
# - Roll back on a failure rate or a failed offline set, look closer on drift.
#
# </details>

# %% [markdown]
# ## 13 · Sources
#
# W3C Trace Context: https://www.w3.org/TR/trace-context/. OpenTelemetry: opentelemetry-sdk and -api 1.45.2,
# opentelemetry-semantic-conventions 0.66b2, https://github.com/open-telemetry/semantic-conventions-genai (in
# development). DDSketch: Masson, Rim & Lee 2019, arXiv 1908.10693. Interval: Wilson 1927, "Probable Inference,
# the Law of Succession, and Statistical Inference", Journal of the American Statistical Association 22. Alerting,
# burn rates: Google, The Site Reliability Workbook, 2018, "Alerting on SLOs". Sampling rules that differ:
# https://opentelemetry.io/blog/2025/sampling-milestones. PSI: Siddiqi, Credit Risk Scorecards: Developing and
# Implementing Intelligent Credit Scoring, 2006; its rule of thumb and n: Potgieter et al. 2023, arXiv 2307.11878.
# Correcting a judge's rate: Rogan & Gladen 1978, "Estimating prevalence from the results of a screening test".
