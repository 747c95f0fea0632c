"""23-context-windows: the reference against libraries, every number of the prose recomputed, the experiment over several seeds."""

import inspect
import math
import re
from pathlib import Path

import pytest
import torch

from course.sections import context_windows as shown
from tests.executed import experiment
from tests.reference import cells, reference

SECTION = "23-context-windows"
SOURCE = Path(__file__).with_name(f"{SECTION}.py").read_text(encoding="utf-8")
PROSE = " ".join(line[1:].strip() for line in SOURCE.splitlines() if line.startswith("#"))
REF = reference(SECTION)
torch.set_num_threads(1)


def says(*texts):
    for text in texts:
        assert text in PROSE, f"the prose does not say {text!r}"


def wilson(k, n, z=1.96):
    p, d = k / n, 1 + z * z / n
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / d
    return (p + z * z / (2 * n)) / d - half, (p + z * z / (2 * n)) / d + half


# --- ALiBi -----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("heads", [1, 2, 3, 7, 8, 12, 16, 20, 40, 71, 112])
def test_alibi_is_bloom(heads):
    from transformers.models.bloom.modeling_bloom import build_alibi_tensor
    bloom = build_alibi_tensor(torch.ones(1, 9, dtype=torch.long), heads, torch.float32)[:, 0]  # slope * key's position
    slopes = REF["alibi_slopes"](heads)
    torch.testing.assert_close(bloom, slopes[:, None] * torch.arange(9.0))
    ours = REF["alibi_bias"](heads, 1, 9)[:, 0]  # differs by what is the same for all keys: softmax does not see it
    torch.testing.assert_close((ours - ours[:, -1:]), bloom - bloom[:, -1:], rtol=1e-5, atol=1e-6)


def test_alibi_numbers():
    assert REF["alibi_slopes"](12)[8:].tolist() == pytest.approx([0.7071, 0.3536, 0.1768, 0.0884], abs=5e-5)
    reach = [math.log(1e4) * 2 ** h for h in range(1, 9)]
    assert [f"{r:,.1f}" for r in (*reach[:3], reach[-1])] == ["18.4", "36.8", "73.7", "2,357.8"]
    assert f"{math.log(1e4):.2f}" == "9.21"
    says("18.4, 36.8, 73.7", "widest, 2,358 tokens", "= 9.21")
    assert math.log(1e4) / REF["alibi_slopes"](12).min().item() == pytest.approx(reach[-1])  # 12 heads look no further
    assert 0.1 * math.log(4) + 1 == pytest.approx(1.1386, abs=5e-5)
    assert (0.1 * math.log(4) + 1) ** 2 == pytest.approx(1.30, abs=5e-3)
    says("1.1386 at s = 4, so scores by its square, 1.30")


# --- dilution --------------------------------------------------------------------------------------------------------

def test_dilution_numbers():
    mass = [1 / (1 + n * math.exp(-8)) for n in (1e3, 1e4, 1e5, 1e6)]
    assert [f"{100 * p:.2g}" for p in mass] == ["75", "23", "2.9", "0.3"]
    assert [f"{math.log(9 * n):.1f}" for n in (1e3, 1e4, 1e5, 1e6)] == ["9.1", "11.4", "13.7", "16.0"]
    assert f"{math.log(10):.1f}" == "2.3" and round(math.exp(2)) == 7
    says("75 % of the weight among 1,000 others, 23 % among 10,000, 2.9 % among 100,000 and 0.3 % among a million",
         "9.1, 11.4, 13.7, 16.0", "costs 2.3 nats", "seven times as much")
    for n, p in zip((1000, 10000), mass):
        margin, got = REF["needle_margin"](shown.hay(n, 8.0, 0.0), torch.tensor(0))
        assert margin.item() == pytest.approx(8) and got.item() == pytest.approx(p)


def test_margin_is_softmax():
    for seed in range(5):
        scores = torch.randn(3, 50, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        needle = torch.tensor([0, 49, seed])
        margin, mass = REF["needle_margin"](scores, needle)
        torch.testing.assert_close(mass, scores.softmax(-1).gather(-1, needle[:, None])[:, 0])
        torch.testing.assert_close(mass, 1 / (1 + 49 * (-margin).exp()))
        assert REF["margin_for"](49, mass[0].item()) == pytest.approx(margin[0].item())


def test_scattered_hay_gains_half_the_variance():
    levels = [8 - REF["needle_margin"](shown.hay(200_000, 8.0, 2.0, seed), torch.tensor(0))[0].item() for seed in range(5)]
    assert all(abs(level - 2) < 0.15 for level in levels)


def test_scalable_softmax():
    n, s, m = 1000, 0.4, 3.0
    scores = shown.hay(n, m, 0.0) * s * math.log(n)
    assert REF["needle_margin"](scores, torch.tensor(0))[1].item() == pytest.approx(1 / (1 + n ** (1 - s * m)))


# --- joints ----------------------------------------------------------------------------------------------------------

def test_merge_is_torch_s_attention():
    import torch.nn.functional as F
    g = torch.Generator().manual_seed(0)
    q, k, v = (torch.randn(2, 3, n, 8, generator=g, dtype=torch.float64) for n in (5, 40, 40))
    parts = []
    for a, b in [(0, 7), (7, 8), (8, 40)]:
        scores = q @ k[:, :, a:b].mT / 8 ** 0.5
        parts.append((scores.softmax(-1) @ v[:, :, a:b], scores.logsumexp(-1)))
    out, lse = REF["merge_attention"](parts)
    torch.testing.assert_close(out, F.scaled_dot_product_attention(q, k, v), rtol=1e-12, atol=1e-12)
    tree = REF["merge_attention"]([REF["merge_attention"](parts[:2]), parts[2]])
    torch.testing.assert_close(tree, (out, lse), rtol=1e-12, atol=1e-12)


def test_picture_of_joints():
    for parts in (2, 16, 64):
        merged, mean = shown.joined(REF["merge_attention"], parts)
        assert merged < 1e-14 and mean > 0.1


# --- needles ---------------------------------------------------------------------------------------------------------

def test_intervals():
    for (k, n), text in {(1, 8): "[0.02, 0.47]", (8, 8): "[0.68, 1.0]", (3, 3): "[0.44, 1.0]"}.items():
        low, high = wilson(k, n)
        assert f"[{low:.2f}, {high:.2f}]".replace("1.00]", "1.0]") == text
        says(text)
    low, high = wilson(0.88 * 12, 12)
    assert 0.55 < low < 0.65 and high > 0.95
    assert 8192 // 512 == 16
    says("a sixteenth of its window", "of roughly 0.6 to 1")


def test_written_question_s_length():
    right = torch.tensor([[95], [92], [86], [61], [88]])
    assert REF["effective_length"]([8, 16, 32, 64, 128], right, 100, 0.85) == 32
    assert (32000 - 2000 - 6000 - 3000) // 700 == 30
    kept = int(0.5 * 30000 - 6000 - 1500) // 700  # behind a compaction to one half, with 1,500 tokens of memory
    assert kept == 10 and (30000 - 6000 - 3000) // 700 - kept == 20
    says("every 15 to 20 turns", "some 10 turns stay, and the next compaction is about 20 turns later")


def test_reorder_is_langchain_s_idea():
    """LongContextReorder goes from the weakest outwards; written out from its source."""
    def langchain(docs):
        result = []
        for i, doc in enumerate(reversed(docs)):
            result.append(doc) if i % 2 == 1 else result.insert(0, doc)
        return result

    for n in range(12):
        docs, scores = list(range(n)), list(range(n, 0, -1))
        edges = langchain(docs)
        assert edges in (REF["reorder_for_edges"](docs, scores), REF["reorder_for_edges"](docs, scores, "end"))


# --- the chat --------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("seed", range(4))
def test_chat(seed):
    run = {way: shown.run_chat(REF["ContextManager"], REF["pack_context"], way, seed=seed)
           for way in ("sliding", "compacting", "compacting with memory")}
    turns = shown.chat(seed=seed)
    total = sum(shown.count(m) for turn in turns for m in turn)
    assert len(turns) == 60 and 0.9 < total / 600 / 6 < 1.15
    assert all(max(r["sizes"]) <= 600 - 80 for r in run.values())
    computed = {way: sum(r["computed"]) for way, r in run.items()}
    assert 3.5 < computed["sliding"] / computed["compacting"] < 5
    assert 3.5 < computed["sliding"] / computed["compacting with memory"] < 5
    remembered = [fact.startswith("Please remember") for fact, _ in shown.FACTS.values()]
    assert sum(remembered) == 2 and len(remembered) == 8
    assert run["sliding"]["facts"] == [False] * 7 + [True]
    assert run["compacting"]["facts"] == [False] * 3 + [True] * 5
    assert all(have for have, kept in zip(run["compacting with memory"]["facts"], remembered) if kept)
    says("a sixth of the chat", "Here it computes four times as much", "the newest 30 words")
    assert "[-30:]" in inspect.getsource(shown.extract)


# --- the experiment --------------------------------------------------------------------------------------------------

def test_experiment_shows_what_is_said():
    table = experiment(SECTION)["table"]
    median = {way: values[2] for way, values in table.items()}
    assert median["as it is"] > 100 and median["NTK-aware"] > 100 and median["interpolated"] < 1.5
    assert 2.5 < median["as it is, ridge"] < 3.5 and 2.5 < median["NTK-aware, ridge"] < 3.5
    assert table["interpolated, ridge"][-1] < 1.05


def test_release_does_not_tell_the_prediction():
    """What the experiment found is said by its output alone: no result stands in the prose behind it, nor on a card."""
    told = PROSE[PROSE.index("Ask of each line, in the grey and beyond it"):]
    assert "three times the range" not in told and "brings them back" not in told and "PI stays" not in told


def test_experiment_over_other_seeds():
    names: dict = {"torch": torch}
    code = cells(SECTION, "experiment")[0]
    exec(code[:code.index("table =")], names)
    for first in (5, 10, 15, 20):
        runs = [shown.beyond(names["waves"], names["fitted"], seed) for seed in range(first, first + 5)]
        median = {way: sorted(r[way] for r in runs)[2] for way in shown.READ}
        assert [way for way in shown.READ if median[way] > 10] == ["as it is", "NTK-aware"]
        assert median["interpolated"] < 3


def test_experiment_s_frequencies_are_transformers():
    """NTK-aware: base * s^(d / (d - 2)) keeps the first frequency and divides the last by s."""
    s, base = 4, shown.READ["NTK-aware"][1]
    old, new = (b ** (-torch.arange(0, 64, 2, dtype=torch.float64) / 64) for b in (1e4, base))
    assert new[0] == old[0]
    assert (old[-1] / new[-1]).item() == pytest.approx(s)


def test_claims_and_prose_agree_on_numbers():
    claims = Path(__file__).with_name("claims.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| (S21\.\d+) \|", claims, re.M)) == {f"S21.{i}" for i in range(1, 18)}
