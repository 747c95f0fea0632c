"""32-agentic-rag: the reference against re and jsonschema, every number of the prose recomputed, the experiment."""

import json
import random
import re
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
import torch

from course.data.corpus import passages, queries
from course.sections import agentic_rag
from tests.reference import cells, reference

SECTION = "32-agentic-rag"
SOURCE = Path(__file__).with_name(f"{SECTION}.py").read_text(encoding="utf-8")
PROSE = " ".join(line[1:].strip() for line in SOURCE.splitlines() if line.startswith("#"))
REF = reference(SECTION)
torch.set_num_threads(1)


def says(*texts):
    for text in texts:
        assert text in PROSE, f"the prose does not say {text!r}"


# --- the tools -------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("seed", range(5))
def test_keyword_search_is_a_pattern(seed):
    """On the handbook, counted by re."""
    rng = random.Random(seed)
    texts = agentic_rag.texts()
    keywords = [rng.choice(rng.choice(list(texts.values())).split()) for _ in range(3)]
    unique = {k.strip().casefold() for k in keywords}
    want = {id: sum(len(re.findall(re.escape(k), text.casefold())) * len(k) for k in unique) for id, text in texts.items()}
    got = REF["keyword_search"](texts, keywords, 1000)
    assert {id: score for id, score, _ in got} == {id: score for id, score in want.items() if score}
    assert got == sorted(got, key=lambda hit: (-hit[1], hit[0]))


def test_keyword_lists():
    own, code, name = (REF["keyword_search"](agentic_rag.texts(), keywords, 5) for keywords in agentic_rag.LISTS)
    assert own[0][0] == "con-delivery" and "set-gateway" not in [id for id, *_ in own]
    assert [id for id, *_ in code] == ["err-5002"] and [score for _, score, _ in name] == [15, 15]
    assert REF["keyword_search"]({"a": "gateway"}, ["gateway"], 1)[0][1] == 7 and len(passages()) == 92
    texts = agentic_rag.texts()
    assert "LM-5002" not in texts["set-gateway"] and "gateway" not in agentic_rag.QUESTION
    says("`gateway_wait_ms` 15, `gateway` 7", "for 92 passages", "`con-delivery` first", agentic_rag.QUESTION)


def test_hints_and_docstrings():
    assert REF["keyword_search"]({"a": "Quota. The quotas are full."}, ["quota", "full"], 1)[0][1] == 14
    assert len("Straße") == 6 and len("Straße".casefold()) == 7
    rows = torch.tensor([[0.0, 1.0], [1.0, 0.0], [0.6, 0.8]])
    assert [(p, round(s, 6), i) for p, s, i in REF["semantic_search"](rows[1], rows, ["a", "b", "a"], 2)] == [("b", 1.0, 1), ("a", 0.6, 2)]
    found = REF["agent_cost"](100, [10] * 3, [50] * 2, REF["PRICES"], 1, 5)
    assert found["input"] == [100, 160, 175] and found["cached"] == [0, 100, 110]
    assert len(REF["FORCE"].format(question="Why?").split()) == 16
    paths = {"classic": {"accuracy": [1, 0], "seconds": [1, 1], "dollars": [0, 0]},
             "agent": {"accuracy": [1, 1], "seconds": [2, 4], "dollars": [0, 0]}}
    assert REF["route"]([0.75, 0.25], paths, 4, 0.5, 9) == ("agent", 2.75)
    assert REF["route"]([0.75, 0.25], paths, 4, 0.5, 3) == ("classic", 2.5)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_semantic_search_is_amax(dtype):
    g = torch.Generator().manual_seed(0)
    rows = torch.nn.functional.normalize(torch.randn(200, 16, generator=g, dtype=torch.float64), dim=-1).to(dtype)
    parents = torch.randint(0, 40, (200,), generator=g)
    best = torch.full((40,), -2.0, dtype=torch.float64).scatter_reduce(0, parents, rows.double() @ rows[3].double(), "amax")
    got = REF["semantic_search"](rows[3], rows, [f"{p:02d}" for p in parents.tolist()], 7)
    torch.testing.assert_close(torch.tensor([s for _, s, _ in got], dtype=torch.float64), best.topk(7).values, rtol=0, atol=1e-6)


def test_sentences_or_passages():
    shares, chunks = agentic_rag.found_shares(REF["semantic_search"])
    best, whole = shares["best sentence"], shares["one vector a passage"]
    assert round(sum(agentic_rag.words_in(p.text) for p in passages()) / 92) == 44
    assert len(agentic_rag.cut()[0]) == 305 and len(queries()) == 48 and chunks < 4.5
    assert all(w >= b - 0.021 for w, b in zip(whole, best)) and whole[-1] >= best[-1]
    assert all(b >= k for b, k in zip(best, shares["k sentences"]))
    says("(92 against 305)", "48 questions", "passages of 44 words")


def test_repeated_reads():
    with_it, without = agentic_rag.reading(REF["ContextTracker"])
    assert with_it[-1] < 0.75 * without[-1] and all(a <= b for a, b in zip(with_it, without))


# --- calls -----------------------------------------------------------------------------------------------------------

VALUES = ["1", "0", "-3", "2.5", "true", "false", "null", '"a"', '""', "[]", '["a"]', "[1]", "[true]", "[[1]]", "{}", "1e3", "[0.5, 9]"]
SCHEMAS: list[dict] = [
    {"type": "integer"}, {"type": "integer", "minimum": 0}, {"type": "number", "maximum": 2}, {"type": "string"}, {"type": "boolean"},
    {"type": "array", "items": {"type": "string"}}, {"type": "array", "items": {"type": "number", "maximum": 1}},
    {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}}]


def test_schemas_are_jsonschema_s():
    """But for whole floats, which are integers there and none here."""
    seen = set()
    for schema in SCHEMAS:
        for text in VALUES:
            if text == "1e3" and schema["type"] == "integer":
                continue
            parameters = {"properties": {"x": schema}, "required": ["x"]}
            kind, _ = REF["call_tool"]("f", f'{{"x": {text}}}', {"f": {"run": lambda x: x, "parameters": parameters}})
            fits = jsonschema.Draft202012Validator(schema).is_valid(json.loads(text))
            assert kind == ("ok" if fits else "bad_arguments"), (schema, text)
            seen.add(kind)
    assert seen == {"ok", "bad_arguments"}
    assert jsonschema.Draft202012Validator({"type": "integer"}).is_valid(2.0) and isinstance(True, int)
    says("(JSON Schema would let it pass)")


def test_survival():
    for slip in (0.1, 0.3):
        found = agentic_rag.survival(REF["call_tool"], slip)
        assert found["yours"] > found["bad JSON becomes {}"] + 0.05 > found["an exception ends the run"] + 0.1
        assert abs(found["an exception ends the run"] - (1 - slip) ** 5) < 0.07
    says("gets the fifth power")


# --- cost ------------------------------------------------------------------------------------------------------------

def test_growth():
    def dollars(*args):
        return round(agentic_rag.run_cost(REF["agent_cost"], *args)[1], 3)

    assert [agentic_rag.run_cost(REF["agent_cost"], n, None)[0] for n in (10, 20, 40)] == [60_000, 220_000, 840_000]
    assert [n * 1500 + 1000 * n * (n - 1) // 2 for n in (10, 20, 40)] == [60_000, 220_000, 840_000]
    assert (dollars(20, None, 1.0), dollars(20, 2, 1.0)) == (0.228, 0.092)
    assert agentic_rag.run_cost(REF["agent_cost"], 20, 2)[1] == pytest.approx(0.050, abs=5e-4)
    assert (dollars(20, None), dollars(40, None), dollars(40, 2)) == (0.048, 0.136, 0.108) and dollars(40, None, 1.0) == 0.856
    assert (dollars(10, None, 1.0), dollars(10, None)) == (0.064, 0.019)
    assert agentic_rag.run_cost(REF["agent_cost"], 50, None)[0] == 1_300_000
    assert (dollars(50, None, 1.0), dollars(50, None)) == (1.32, 0.195) and 0.195 - 0.019 > 9 * 0.019
    says("60,000 tokens, 20 read 220,000 and 40 read 840,000", "0.092 dollars against 0.228", "0.050 against 0.048",
         "0.108 against 0.136", "1,300,000 tokens, 1.32 dollars without and 0.20 with the cache, 40 calls 0.86 and 0.14", "0.064 and 0.019")


def test_routes():
    assert agentic_rag.PATHS["agent"]["seconds"][2] > 4 > agentic_rag.PATHS["agent"]["seconds"][0]
    for p in (0.1, 0.5, 1.0):
        assert REF["route"]([1 - p, 0.0, p], agentic_rag.PATHS, 0.2, 0.005, 4.0)[0] == "one search"
    assert REF["route"]([0.5, 0.0, 0.5], agentic_rag.PATHS, 0.2, 0.005, 60.0)[0] == "agent"
    assert REF["route"]([0.5, 0.5, 0.0], agentic_rag.PATHS, 0.2, 0.005, 4.0)[0] == "agent"


def test_reported_numbers_are_said():
    """As in the README of github.com/Ayanami0730/arag at commit 108e87e."""
    says("MuSiQue 74.1 (naive RAG 52.8), HotpotQA 94.5 (81.2), 2WikiMultiHopQA 89.7 (50.2)", "46.1 (38.6), 77.1 (74.5) and 60.2 (42.6)",
         "80.7 and 64.7", "15 in the example configuration", "budget (128,000)")


# --- the agent -------------------------------------------------------------------------------------------------------

def test_larkmoor():
    tools, tickets = agentic_rag.larkmoor_tools(REF["keyword_search"], REF["semantic_search"], REF["ContextTracker"])
    run = REF["run_agent"](agentic_rag.script, tools, agentic_rag.QUESTION, 10, 2000, agentic_rag.words_in)
    assert [s["kind"] for s in run["trajectory"]] == ["bad_arguments", "ok", "ok", "ok", "ok", "not_allowed"] and not tickets
    assert run["answer"].startswith("10000 ms") and run["tokens"] == sorted(run["tokens"])
    assert '"notes:0"' in run["trajectory"][3]["observation"] and agentic_rag.LURE.count("gateway") == 2
    assert json.loads(run["trajectory"][4]["observation"])[0]["text"] == REF["ALREADY"]
    kind, _ = REF["call_tool"]("semantic_search", '{"query": "how long does the gateway wait?", "k": 2}', tools)
    assert kind == "ok"


def follower() -> Callable:
    """The policy of the notebook's cell."""
    text, = cells(SECTION, "experiment")
    space = {"json": json, "Callable": Callable, "agentic_rag": agentic_rag}
    exec(text[text.index("def follower("):text.index("table = ")], space)
    return space["follower"]


@pytest.mark.parametrize("seed", range(4))
def test_the_experiment(seed):
    chunks, rows, gold = agentic_rag.chains(seed)
    assert len(chunks) == 400 and len(rows) == 100 and {len(g) for g in gold} == {4}
    wrong = sum(not any(chunks[id].startswith(name + " ") for name in row) for row, g in zip(rows, gold) for id in g)
    assert 70 <= wrong <= 130
    found = agentic_rag.measured(follower(), *(REF[n] for n in ("run_agent", "keyword_search", "semantic_search", "recall_at_steps")),
                                 seed=seed)
    order = sorted(found, key=lambda name: -found[name][-1])
    assert order == REF["prediction"]
    ends = [found[name][-1] for name in order]
    assert all(a > b + 0.1 for a, b in zip(ends, ends[1:]))
    assert found["one tool, 12 steps"][2] == 0 < found["one tool, 12 steps"][3]


def test_the_widget_s_formula():
    assert agentic_rag.tail(1, 1, 0.2) == pytest.approx(0.8) and agentic_rag.tail(3, 2, 0.2) == 0
    assert agentic_rag.tail(2, 3, 0.5) == pytest.approx(0.5)
