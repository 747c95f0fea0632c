"""Section 02 against the world: library oracles, exhaustive search, and every number that its prose states."""

import doctest
import re

import numpy as np
import pytest
import torch
from torch import inf

from course.models.ngram import NGram, help_words
from course.sections import decoding
from tests.executed import experiment
from tests.reference import cells, graded, reference

transformers = pytest.importorskip("transformers")
SECTION = "02-decoding"
WIDE = [torch.float32, torch.float64]
ALL = [torch.float16, torch.bfloat16, *WIDE]


@pytest.fixture(scope="module")
def ref():
    return reference(SECTION)


@pytest.fixture(scope="module")
def prose():
    return (reference.__globals__["ROOT"] / "source" / SECTION / f"{SECTION}.py").read_text(encoding="utf-8")


def logits_of(seed, dtype, spread=2.0):
    rng = torch.Generator().manual_seed(seed)
    B, V = 1 + seed % 5, 2 + 7 * (seed % 11)
    x = torch.randn(B, V, generator=rng, dtype=torch.float64) * spread
    x[:, 1:][torch.rand(B, V - 1, generator=rng) < 0.1] = -inf
    return x.to(dtype)


# --- library oracles -------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("dtype", ALL)
def test_top_k_is_the_library_s(ref, dtype):
    for seed in range(24):
        x = logits_of(seed, dtype).round(decimals=seed % 3)  # rounding makes ties
        for k in [1, 2, 5, 1000]:
            if seed % 4 and k > x.shape[1]:
                continue
            assert torch.equal(ref["top_k_mask"](x, k), transformers.TopKLogitsWarper(k)(None, x)), (seed, k)


@pytest.mark.parametrize("dtype", WIDE)
def test_top_p_is_the_library_s(ref, dtype):
    compared = 0
    for seed in range(44):
        x = logits_of(seed, dtype)
        for p in [0.05, 0.3, 0.7, 0.9, 0.99]:
            sums = x.double().softmax(-1).sort(descending=True).values.cumsum(-1)
            if (sums - p).abs().min() < 1e-5:  # rounding decides there
                continue
            compared += 1
            assert torch.equal(ref["top_p_mask"](x, p), transformers.TopPLogitsWarper(p)(None, x)), (seed, p)
    assert compared > 200


def test_the_library_drops_finite_logits_at_p_1(ref):
    x = torch.tensor([[0.0, -200.0]])
    assert torch.equal(transformers.TopPLogitsWarper(1.0)(None, x), torch.tensor([[0.0, -inf]]))
    assert torch.equal(ref["top_p_mask"](x, 1.0), x)


@pytest.mark.parametrize("dtype", ALL)
def test_top_p_is_the_smallest_set_in_float64(ref, dtype):
    for seed in range(24):
        x = logits_of(seed, dtype)
        q = x.double().softmax(-1)
        for p in [0.1, 0.5, 0.9]:
            if (q.sort(descending=True).values.cumsum(-1) - p).abs().min() < 1e-5:
                continue
            kept = ref["top_p_mask"](x, p) > -inf
            mass = (q * kept).sum(-1)
            least = torch.where(kept, q, 1.0).amin(-1)
            assert (mass >= p).all() and (mass - least < p).all(), "reaches p, and not without its least token"
            assert (torch.where(kept, 0.0, q).amax(-1) <= least).all(), "no cut token is likelier than a kept one"


@pytest.mark.parametrize("dtype", WIDE)
def test_min_p_is_the_library_s(ref, dtype):
    for seed in range(33):
        x = logits_of(seed, dtype)
        for p in [0.0, 0.02, 0.1, 0.5, 0.97]:
            assert torch.equal(ref["min_p_mask"](x, p), transformers.MinPLogitsWarper(p)(None, x)), (seed, p)


@pytest.mark.parametrize("dtype", ALL)
def test_repetition_penalty_is_the_library_s(ref, dtype):
    for seed in range(33):
        x = logits_of(seed, dtype)
        ids = torch.randint(x.shape[1], (len(x), 1 + seed % 9), generator=torch.Generator().manual_seed(seed))
        for r in [0.6, 1.0, 1.3, 5.0]:
            got = ref["repetition_penalty"](ids, x, r)
            assert torch.equal(got, transformers.RepetitionPenaltyLogitsProcessor(r)(ids, x.clone())), (seed, r)


@pytest.mark.parametrize("dtype", ALL)
def test_temperature_is_the_library_s(ref, dtype):
    near = {torch.float64: 1e-13, torch.float32: 2e-6, torch.float16: 1e-3, torch.bfloat16: 8e-3}[dtype]
    for seed in range(22):
        x = logits_of(seed, dtype)
        for T in [0.2, 0.9, 1.0, 3.0]:
            want = transformers.TemperatureLogitsWarper(T)(None, x.double()).softmax(-1)
            assert (ref["softmax_t"](x, T).double() - want).abs().max() < near


@pytest.mark.parametrize("dtype", WIDE)
def test_the_pipeline_is_the_library_s_chain(ref, dtype):
    for seed in range(33):
        x = logits_of(seed, dtype)
        T, k, p = [0.5, 1.0, 1.7][seed % 3], 1 + seed % 6, [0.4, 0.75, 0.93][seed % 3 - 1]
        chain = transformers.LogitsProcessorList([transformers.TemperatureLogitsWarper(T), transformers.TopKLogitsWarper(k),
                                                  transformers.TopPLogitsWarper(p)])
        torch.testing.assert_close(ref["decode_pipeline"](x, T, k, p), chain(None, x).softmax(-1))


def test_sampling_follows_the_distribution(ref):
    p = torch.tensor([0.3, 0.05, 0.2, 0.0, 0.35, 0.1], dtype=torch.float64)
    n = 200_000
    u = torch.rand(n, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    seen = torch.bincount(ref["sample_inverse_cdf"](p.expand(n, 6), u), minlength=6)
    possible = p > 0
    chi2 = ((seen - n * p)[possible] ** 2 / (n * p)[possible]).sum()
    assert chi2 < 20.5 and seen[3] == 0  # 0.999 quantile of chi-square with 4 degrees of freedom is 18.5


# --- beam search -----------------------------------------------------------------------------------------------------

def best_of_all(step, bos, eos, max_len, alpha):
    def walk(ids, logp):
        if len(ids) > 1 and ids[-1] == eos:
            yield logp / (len(ids) - 1) ** alpha, ids
        elif len(ids) <= max_len:
            for i, lp in enumerate(step(ids).tolist()):
                yield from walk([*ids, i], logp + lp)
    score, ids = max(walk([bos], 0.0))
    return ids, score


@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0, 3.0])
def test_a_beam_that_prunes_nothing_is_exhaustive_search(ref, alpha):
    for seed in range(12):
        V, max_len = [(2, 7), (3, 4), (4, 3), (6, 2)][seed % 4]
        step = ref["RandomModel"](V, seed, spread=0.5 + seed % 4)
        ids, score = ref["beam_search"](step, seed % V, (seed + 1) % V, V ** max_len, max_len, alpha)
        want, best = best_of_all(step, seed % V, (seed + 1) % V, max_len, alpha)
        assert ids == want and score == pytest.approx(best), (seed, alpha)


def pooled(step, bos, eos, beam, max_len, alpha=0.0):
    """Another sensible beam search: finished hypotheses wait outside the beam and take no place in it."""
    live, done = [([bos], 0.0)], []
    for _ in range(max_len):
        grown = [(ids + [i], s + lp) for ids, s in live for i, lp in enumerate(step(ids).tolist()) if lp > -inf]
        grown = sorted(grown, key=lambda h: -h[1])[:2 * beam]
        done += [h for h in grown if h[0][-1] == eos]
        live = [h for h in grown if h[0][-1] != eos][:beam]
        if not live:
            break
    ids, s = max(done or live, key=lambda h: h[1] / (len(h[0]) - 1) ** alpha)
    return ids, s / (len(ids) - 1) ** alpha


@pytest.mark.parametrize("aspect", ["exhaustive", "finished", "length"])
def test_graded_cells_do_not_hang_on_the_treatment_of_finished_hypotheses(ref, aspect):
    exec(graded(SECTION)[f"beam_search__{aspect}"], {**ref, "beam_search": pooled})


# --- sampling by noise, the loop, the grammar ------------------------------------------------------------------------

def test_the_largest_noisy_logit_is_a_sample_and_the_two_largest_are_one_without_replacement():
    logits = torch.tensor([1.0, 0.0, -0.5, 0.7], dtype=torch.float64)
    p, n = logits.softmax(0), 200_000
    u = torch.rand(n, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1)).clamp(min=1e-300)
    first, second = (logits - (-u.log()).log()).topk(2).indices.T
    seen = torch.bincount(first, minlength=4)
    assert ((seen - n * p) ** 2 / (n * p)).sum() < 16.3  # 0.999 quantile of chi-square with 3 degrees of freedom
    pairs = torch.bincount(4 * first + second, minlength=16).reshape(4, 4) / n
    for i in range(4):
        for j in range(4):
            want = p[i] * p[j] / (1 - p[i]) if i != j else 0.0
            assert pairs[i, j].item() == pytest.approx(float(want), abs=0.005)


def test_the_loop_is_the_library_s(ref):
    """Greedy, with a repetition penalty, several stop ids and padding."""
    torch.manual_seed(0)
    config = transformers.LlamaConfig(vocab_size=40, hidden_size=16, intermediate_size=32, num_hidden_layers=1,
                                      num_attention_heads=2, num_key_value_heads=2, max_position_embeddings=64)
    model = transformers.LlamaForCausalLM(config).eval()
    ids = torch.randint(3, 40, (4, 5), generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        def ask(x):
            return model(x).logits[:, -1]
        for r in [1.0, 1.3]:
            free = ref["generate"](ask, ids, torch.zeros(4, 20), 1.0, 1, 1.0, r)
            for stop in [[int(free[0, 9])], [int(free[1, 7]), int(free[2, 12])], [39]]:
                want = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=20, do_sample=False,
                                      repetition_penalty=r, eos_token_id=stop, pad_token_id=2)
                assert torch.equal(ref["generate"](ask, ids, torch.zeros(4, 20), 1.0, 1, 1.0, r, stop, 2), want), (r, stop)


def test_penalty_and_temperature_may_change_places_and_penalty_and_cut_may_not(ref):
    x = logits_of(7, torch.float64, 3.0)
    ids = torch.tensor([[0, 1]]).expand(len(x), 2)
    torch.testing.assert_close(ref["repetition_penalty"](ids, x / 1.7, 1.4), ref["repetition_penalty"](ids, x, 1.4) / 1.7)
    two = torch.tensor([[2.0, 1.5, 0.0]])
    before = ref["top_k_mask"](ref["repetition_penalty"](torch.tensor([[0]]), two, 2.0), 1)
    after = ref["repetition_penalty"](torch.tensor([[0]]), ref["top_k_mask"](two, 1), 2.0)
    assert before.argmax() == 1 and after.argmax() == 0


def test_a_masked_text_is_always_finished_in_time(ref):
    """Whatever the model prefers: from a start that has room, the mask never runs into a dead end."""
    rng = torch.Generator().manual_seed(0)
    for seed in range(30):
        S, V = 3 + seed % 5, 4 + seed % 3
        table = torch.where(torch.rand(S, V, generator=rng) < 0.3, torch.randint(S, (S, V), generator=rng), -1)
        accepting = torch.rand(S, generator=rng) < 0.3
        for left in [1, 2, 5, 9]:
            try:
                ref["grammar_mask"](torch.zeros(1, V), torch.tensor([0]), table, accepting, 0, left)
            except ValueError:
                continue
            state, token = 0, None
            for n in range(left, 0, -1):
                row = ref["grammar_mask"](torch.randn(1, V, generator=rng), torch.tensor([state]), table, accepting, 0, n)
                token = int(row.argmax())
                if token == 0:
                    assert accepting[state]
                    break
                state = int(table[state, token])
            assert token == 0


def test_masking_is_not_conditioning(ref, prose):
    given, masked = decoding.valid_texts(ref["grammar_mask"])
    assert sum(given.values()) == pytest.approx(1) and sum(masked.values()) == pytest.approx(1)
    assert given["bc"] + given["bd"] == pytest.approx(0.92, abs=0.005) and "92 percent begin" in prose
    assert masked["ac"] == pytest.approx(0.9) and "in 90 percent of all cases" in prose


def test_survivors_in_the_heat(ref, prose):
    logits = decoding.logprobs("in the")[None]
    kept = [[int((ref[cut](logits / T, p) > -inf).sum()) for T in (1, 2, 3)] for cut, p in [("top_p_mask", 0.9), ("min_p_mask", 0.1)]]
    assert kept == [[117, 1523, 2716], [26, 124, 335]]
    assert "117, 1,523 and 2,716" in prose and "26, 124 and 335" in prose


def test_two_orders_of_adding_choose_different_winners():
    """As the cell has it: float32 too, and bfloat16 at gaps more than a thousand times wider."""
    ways = [lambda x: x.cumsum(-1)[..., -1], lambda x: x.unflatten(-1, (16, -1)).cumsum(-1)[..., -1].cumsum(-1)[..., -1]]
    widest = [max(gap for gap, share in zip(decoding.GAPS, decoding.changed_winners(*ways, dtype)) if share)
              for dtype in (torch.float32, torch.bfloat16)]
    assert widest[1] > 1000 * widest[0] > 0
    assert decoding.changed_winners(ways[0], ways[0], torch.float32) == [0.0] * len(decoding.GAPS)


def test_dates_walk_letter_by_letter():
    class Tokens:
        vocab = {"1": 0, "19": 1, "-": 2, "69-": 3, "a": 4, "9-0": 5, "1-1": 6}

    table, accepting = decoding.dates(Tokens)
    assert table.shape == (11, 7) and accepting.tolist() == [False] * 10 + [True]
    assert table[0].tolist() == [1, 2, -1, -1, -1, -1, -1] and table[2].tolist() == [3, 4, -1, 5, -1, -1, -1]
    assert table[3].tolist() == [4, -1, -1, -1, -1, 6, 6] and table[10].tolist() == [-1] * 7


# --- numbers in the prose --------------------------------------------------------------------------------------------

def test_docstring_examples(ref):
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    for name in ["softmax_t", "top_k_mask", "top_p_mask", "min_p_mask", "repetition_penalty", "sample_inverse_cdf",
                 "beam_search", "decode_pipeline", "grammar_mask", "generate"]:
        test = doctest.DocTestParser().get_doctest(ref[name].__doc__, dict(ref), name, None, 0)
        assert test.examples, name
        runner.run(test)
    assert runner.failures == 0


@pytest.fixture(scope="module")
def points():
    return experiment(SECTION)["results"]


@pytest.fixture(scope="module")
def found(points):
    return {name: np.mean(p, 0) for name, p in points.items()}


def test_the_prediction_s_truth_is_what_the_experiment_measures(points):
    """Whatever the places: of the means of ten drawn anew, all but one in a thousand lie in the bucket."""
    truth = re.search(r'predicted\(prediction, "below ([\d.]+)"', graded(SECTION)["prediction__right"])[1]
    variety = np.array(points["beam 5"])[:, 1]
    means = np.random.default_rng(0).choice(variety, (10_000, len(variety))).mean(1)
    assert np.quantile(means, 0.999) < float(truth)


def test_the_experiment_s_story(found, prose):
    """What the text says, and what it leaves to the legend: the prediction cannot be read from it."""
    stated = {"human": (-4.56, 0.85), "human, training part": (-1.61, 0.96), "sampling": (-2.67, 0.99), "top-p 0.9": (-2.12, 0.99)}
    for name, numbers in stated.items():
        assert found[name] == pytest.approx(numbers, abs=0.0051), name
        assert all(f"{n:.2f}" in prose for n in numbers), name
    assert found["greedy"][0] == pytest.approx(-1.55, abs=0.0051) and "greedy decoding (-1.55)" in prose
    assert found["greedy"][1] == pytest.approx(0.07, abs=0.0051) and found["beam 5"] == pytest.approx((-0.93, 0.14), abs=0.0051)
    assert "0.14" not in prose


def test_the_model_s_numbers(ref, prose):
    model = NGram(help_words())
    assert len(model.vocab) == 3724 and "3,724" in prose
    size = {c: int((ref["top_p_mask"](model.logprobs(model.encode(c.split()))[None], 0.9) > -inf).sum())
            for c in ["the __init__", "in the"]}
    assert size["the __init__"] == 1 and size["in the"] > 100
    for context in ([], ["in"], ["in", "the"], ["the", "in"], ["(", "("]):
        assert model.probs(model.encode(context)).sum().item() == pytest.approx(1, abs=1e-12)


def test_worked_examples(ref):
    near = dict(rtol=0, atol=6e-4)
    torch.testing.assert_close(ref["softmax_t"](torch.tensor([0.0, 2, 1]), 2), torch.tensor([0.186, 0.506, 0.307]), **near)
    four = torch.tensor([[0.1, 0.5, 0.15, 0.25]]).log()
    assert (ref["top_p_mask"](four, 0.7) > -inf).tolist() == [[False, True, False, True]]
    assert (ref["min_p_mask"](torch.tensor([[0.5, 0.3, 0.15, 0.05], [0.9, 0.06, 0.03, 0.01]]).log(), 0.2) > -inf).sum(
        -1).tolist() == [3, 1]
    assert ref["repetition_penalty"](torch.tensor([[1, 0, 1]]), torch.tensor([[3, -1, 0.5]]), 1.5).tolist() == [[2, -1.5, 0.5]]
    probs = torch.tensor([[0, 0.5, 0, 0.5, 0], [0, 0.5, 0, 0.5, 0], [0, 0.5, 0, 0.499999, 0]])
    assert ref["sample_inverse_cdf"](probs, torch.tensor([0.0, 0.5, 0.9999995])).tolist() == [1, 3, 3]
    pairs, ends = torch.tensor([[-1, 1, -1], [-1, 2, 0], [-1, -1, 1]]), torch.tensor([True, False, False])
    for left, allowed in [(3, [False, False, True]), (4, [False, True, True])]:
        mask = ref["grammar_mask"](torch.zeros(1, 3), torch.tensor([1]), pairs, ends, 0, left)
        assert (mask > -inf).tolist() == [allowed]
    draws = iter([[1, 5], [3, 0], [2, 1]])

    def scripted(ids):
        return torch.nn.functional.one_hot(torch.tensor(next(draws)), 6).float()
    got = ref["generate"](scripted, torch.tensor([[4], [4]]), torch.zeros(2, 3), 1.0, 1, 1.0, 1.0, [1], 0)
    assert got.tolist() == [[4, 1, 0, 0], [4, 5, 0, 1]]


def test_half_precision_loses_the_nucleus(ref):
    """The card on bfloat16: summed in half precision the cut comes elsewhere."""
    x = torch.randn(1, 32000, generator=torch.Generator().manual_seed(0)).bfloat16()
    probs = x.softmax(-1).sort(descending=True).values
    in_half = int((probs.cumsum(-1) - probs < 0.9).sum())
    right = int((ref["top_p_mask"](x, 0.9) > -inf).sum())
    assert abs(in_half - right) > 100


# --- the widget ------------------------------------------------------------------------------------------------------

def test_widget_masks_agree_with_the_reference(ref):
    for seed in range(24):
        x = torch.randn(50, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 2
        T, k, p, m = [0.5, 1.0, 2.0][seed % 3], [0, 3, 10][seed % 3 - 1], [1.0, 0.3, 0.9, 0.0][seed % 4], [0, 0.1][seed % 2]
        _, kept = decoding.survivors(x.numpy(), T, k, p, m)
        masked = ref["min_p_mask"](ref["top_p_mask"](ref["top_k_mask"](x[None] / T, k or 50), p), m)
        assert torch.equal(torch.from_numpy(kept), masked[0] > -inf), seed


def test_widget_draws():
    controls, (image, _) = (box.children for box in decoding.widget().children)
    before = bytes(image.value)
    controls[1].value = 2.0  # the temperature
    hotter = bytes(image.value)
    assert hotter[:4] == b"\x89PNG" and hotter != before
    controls[0].value = "the __init__"
    assert bytes(image.value)[:4] == b"\x89PNG" and bytes(image.value) != hotter


@pytest.mark.parametrize("filled", [True, False])
def test_pictures_draw_or_say_what_is_missing(ref, filled, capsys):
    def missing(*_args, **_kwargs):
        raise NotImplementedError("a hint")
    names = [n for n in ref if f"{n}__inplace" in graded(SECTION)] + ["beam_search", "generate"]
    namespace = dict(ref) if filled else {**ref, **dict.fromkeys(names, missing)}
    for source in cells(SECTION, "picture"):
        exec(source, namespace)
    assert capsys.readouterr().out.count("No picture yet") == (0 if filled else 10)
