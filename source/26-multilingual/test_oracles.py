"""26-multilingual: the reference against libraries and by hand, every number of the prose recomputed, the experiment over seeds."""

import math
import unicodedata
from pathlib import Path

import numpy as np
import pytest
import torch

from course.data.parallel import PARALLEL, REWORDED, SCRIPT
from course.sections import multilingual
from tests.reference import reference

SECTION = "26-multilingual"
SOURCE = Path(__file__).with_name(f"{SECTION}.py").read_text(encoding="utf-8")
PROSE = " ".join(line[1:].strip() for line in SOURCE.splitlines() if line.startswith("#"))
REF = reference(SECTION)
torch.set_num_threads(1)


def says(*texts):
    for text in texts:
        assert text in PROSE, f"the prose does not say {text!r}"


# --- text ------------------------------------------------------------------------------------------------------------

def test_latin_as_the_library_strips_it():
    """Where all letters are Latin or Greek and nothing is compatible only, tokenizers' normalisers give the same."""
    from tokenizers.normalizers import NFD, Lowercase, Sequence, StripAccents
    norm = Sequence([NFD(), StripAccents(), Lowercase()])
    for lang in ("English", "German", "French", "Greek"):
        for text in PARALLEL[lang]:
            if not set("ßςœ") & set(text):
                assert REF["fold"](text) == unicodedata.normalize("NFC", norm.normalize_str(text))
    assert norm.normalize_str("हिन्दी") != "हिन्दी" == REF["fold"]("हिन्दी")


def test_folding_twice_is_folding_once():
    for rows in PARALLEL.values():
        for text in rows:
            assert REF["fold"](REF["fold"](text)) == REF["fold"](text)
    assert REF["fold"]("  Café  Άλφα й ") == "cafe αλφα й"
    assert unicodedata.name("é") == "LATIN SMALL LETTER E WITH ACUTE"
    assert REF["fold"]("año") == REF["fold"]("ano")


def test_marks_that_recipes_remove():
    mine, all_marks = multilingual.removed(REF["fold"]), multilingual.removed(multilingual.without_marks)
    assert mine["Hindi"] == mine["Russian"] == 0 and all_marks["Hindi"] > 25 and all_marks["Russian"] > 1
    assert mine["Greek"] == all_marks["Greek"] > 10 and mine["French"] == all_marks["French"]


# --- prices ----------------------------------------------------------------------------------------------------------

def test_parallel():
    assert {len(rows) for rows in PARALLEL.values()} == {10} == {len(REWORDED)}
    assert len(set(SCRIPT.values())) == 5 and set(SCRIPT) == set(PARALLEL)


def test_mbert():
    D, layers, V = 768, 12, 119_547
    body = layers * (4 * (D * D + D) + 2 * 4 * D * D + 5 * D + 4 * D)
    total = V * D + 512 * D + 2 * D + 2 * D + body + D * D + D
    assert round(total / 1e6, 2) == 177.85 and round(V * D / 1e6, 1) == 91.8
    says("119,547 tokens", "178 million", "92 million")


def test_bytes_and_premiums():
    assert [len(c.encode()) for c in "aжაह我"] == [1, 2, 3, 3, 3] and len("α".encode()) == 2
    chars, octets = (REF["premium"](f, PARALLEL, "English") for f in (list, lambda t: list(t.encode())))
    assert min(chars, key=chars.get) == "Chinese" and max(octets, key=octets.get) == "Hindi" and octets["Hindi"] > 2
    says("Chinese is the cheapest in characters, Hindi the dearest in bytes", "over twice English")


def test_chinese_by_bert_s_rule():
    from tokenizers.normalizers import BertNormalizer
    from tokenizers.pre_tokenizers import BertPreTokenizer
    text = "我们每天喝茶水"
    spaced = BertNormalizer(handle_chinese_chars=True).normalize_str(text)
    assert len(text) == 7 and len(BertPreTokenizer().pre_tokenize_str(spaced)) == 7
    says("9 with the two special ones, not 12")


def test_real_vocabularies(capsys):
    smollm = pytest.importorskip("course.models.smollm")
    try:
        tokenizer = smollm.tokenizer()
    except smollm.ModelMissing:
        pytest.skip("no model")
    assert len(tokenizer.vocab) == 49_152
    found = multilingual.real_costs(REF["premium"], tokenizer)
    for text in sum(PARALLEL.values(), []):
        assert tokenizer.decode(tokenizer.encode(text)) == text
    small, mini = found["SmolLM2"], found["MiniLM"]
    assert all(row[5] == 0 for row in small.values()) and mini["Chinese"][5] > 5 * mini["Chinese"][0]
    assert mini["Chinese"][1] < 0.7 * small["Chinese"][1] and mini["Hindi"][1] < 0.7 * small["Hindi"][1]
    assert small["Hindi"][1] > small["Greek"][1] > small["Russian"][1] > small["Chinese"][1] > small["German"][1] > 1.5
    from course.models.embeddings import _load
    assert _load()[0].get_vocab_size() == 30_522
    says("49,152 tokens", "30,522", "8,192 tokens")
    assert "[UNK]" in capsys.readouterr().out


# --- mixes and places ------------------------------------------------------------------------------------------------

def test_mix_of_the_prose():
    q = REF["sampling_probs"]({"a": 20_000, "b": 2000, "c": 200}, 0.3)
    draws = q["c"] * 22_200
    assert round(draws) == 3182 and round(draws / 200) == 16
    says("3,182 of 22,200 draws", "16 times")
    sizes = multilingual.SIZES
    reads = {a: REF["sampling_probs"](sizes, a)["10^8"] * multilingual.READ / 1e8 for a in (0.3, 1)}
    assert round(reads[0.3] / 10) == 65 and 1 < reads[1] < 2
    says("650 readings of each text", "650 times")
    fair = REF["unimax"](sizes, multilingual.READ, multilingual.LIMIT)
    assert sum(fair.values()) == pytest.approx(2e12) and all(fair[k] <= 4 * sizes[k] * (1 + 1e-12) for k in fair)


def test_unimax_is_max_min_fair():
    """No share can grow without a smaller or equal one shrinking: all that are below their limit are equal, and largest."""
    g = np.random.default_rng(0)
    for _ in range(30):
        counts = {i: float(v) for i, v in enumerate(np.exp(g.uniform(0, 9, 12)))}
        got = REF["unimax"](counts, 0.6 * sum(counts.values()), 2)
        below = [v for k, v in got.items() if v < 2 * counts[k] * (1 - 1e-9)]
        assert max(below) == pytest.approx(min(below)) == pytest.approx(max(got.values()))


def test_allocation_is_the_best_of_its_size():
    """No other set of as many tokens saves more, for small tables."""
    import itertools
    g = np.random.default_rng(1)
    for _ in range(20):
        gains = {k: {t: float(g.integers(0, 9)) for t in g.choice(list("pqrstuv"), 4, replace=False)} for k in "ab"}
        weights = {"a": 1.0, "b": 0.5}

        def saved(tokens, gains=gains, weights=weights):
            return sum(weights[k] * v for k in gains for t, v in gains[k].items() if t in tokens)
        best = max(saved(c) for c in itertools.combinations("pqrstuv", 3))
        assert saved(REF["allocate_vocab"](gains, weights, 3)) == pytest.approx(best)


# --- adapters --------------------------------------------------------------------------------------------------------

def test_numbers_of_adapters():
    assert multilingual.adapter_numbers(768, 64) == 99_136 == sum(t.numel() for t in REF["init_adapter"](768, 64, 0))
    mine, wide = 12 * 99_136, 12 * multilingual.adapter_numbers(768, 384)
    assert round(mine / 1e6, 2) == 1.19 and round(100 * mine / 177.85e6, 2) == 0.67
    assert round(wide / 1e6, 2) == 7.09 and round(100 * wide / 278e6, 1) in (2.5, 2.6)
    head = 99_136 * 64
    assert round(head / 1e6, 1) == 6.3 and 5 < multilingual.generator_numbers(768, 64, 12, 289, 32, 32) / mine < 6
    assert 103 + 28 + 158 == 289
    says("289 in all", "F = 289", "99,136", "1.19 million", "0.67 %", "7.09 million", "6.3 million", "five languages' own adapters", "sixth language")


def test_adapter_is_a_module_s():
    g = torch.Generator().manual_seed(0)
    down, up = torch.nn.Linear(24, 7), torch.nn.Linear(7, 24)
    x = torch.randn(3, 5, 24, generator=g)
    want = x + up(torch.relu(down(x)))
    got = REF["adapter_forward"](x, down.weight, down.bias, up.weight, up.bias)
    torch.testing.assert_close(got, want, rtol=1e-6, atol=1e-6)


def test_three_starts():
    last = {s: multilingual.losses(REF["init_adapter"], REF["adapter_forward"], s) for s in ("up zero", "all zero", "both random")}
    assert last["up zero"][0] == last["all zero"][0] < last["both random"][0] / 10
    assert last["up zero"][-1] < 0.6 * last["up zero"][0] and last["all zero"][-1] > 0.95 * last["all zero"][0]


def test_generated_adapters_are_affine_in_features():
    g = torch.Generator().manual_seed(1)
    rest = [torch.randn(*s, generator=g, dtype=torch.float64) for s in [(6,), (3, 6), (2, 4), (17, 7)]]
    a, b = torch.randn(2, 1, 6, generator=g, dtype=torch.float64)
    one, two, middle = (REF["generate_adapters"](f, *rest, 3, 2) for f in (a, b, (a + b) / 2))
    for x, y, z in zip(one, two, middle):
        torch.testing.assert_close((x + y) / 2, z)


# --- search and report -----------------------------------------------------------------------------------------------

def test_language_bias():
    plain, capped, centred = (multilingual.hits(REF["retrieve"], 1.5, how) for how in ("plain", "cap 4", "centred"))
    assert plain < 0.1 < capped < centred > 0.9
    assert multilingual.hits(REF["retrieve"], 0.0, "plain") > 0.9


def test_averages_of_the_prose():
    nine = REF["language_report"]({**{f"l{i}": [0.9] for i in range(9)}, "bad": [0.2]})
    assert round(nine["macro"], 2) == 0.83
    report = REF["language_report"](multilingual.answers())
    assert round(report["micro"], 2) == 0.88 and report["worst"] == "ka"
    worst = [np.mean(multilingual.worst_means(REF["language_report"], 10, 200, seed)) for seed in range(3)]
    assert all(0.52 < w < 0.565 for w in worst) and round(worst[0], 2) == 0.54
    says("0.83", "88 % of all questions", "like 0.54 on average")


def test_pivot_repairs_the_weak_language():
    direct, both = (multilingual.shares_found(REF["search"], pivot) for pivot in (False, True))
    assert direct["ru"] < 0.75 and both["ru"] > 0.95 and both["en"] == direct["en"] and both["de"] >= direct["de"]


def test_english_encoder(capsys):
    found = multilingual.english_encoder(REF["search"])
    assert all(pivot >= 9 for _, pivot in found.values())
    assert max(found[k][0] for k in ("Russian", "Greek", "Hindi")) <= 3 < found["French"][0]
    assert "direct" in capsys.readouterr().out


# --- the experiment --------------------------------------------------------------------------------------------------

def mixed(corpora, alpha):
    probs = REF["sampling_probs"]({lang: len(words) for lang, words in corpora.items()}, alpha)
    total, out = sum(map(len, corpora.values())), []
    for lang, words in corpora.items():
        n = round(probs[lang] * total)
        out += (words * (n // len(words) + 1))[:n]
    return out


@pytest.mark.parametrize("seed", range(4))
def test_the_prediction(seed):
    table = multilingual.costs(mixed, REF["fertility"], seed, alphas=(1, 0))
    assert multilingual.saved_for_each(table) > 3.5
    assert table[1]["Latin"] < table[0]["Latin"] and table[1]["Cyrillic"] > table[0]["Cyrillic"]


def test_a_small_corpus_is_read_often():
    assert math.isclose(22_200 / 3 / 200, 37) and sum(multilingual.WORDS.values()) == 22_200
    says("37 times")
