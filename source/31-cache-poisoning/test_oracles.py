"""31-cache-poisoning: the reference against libraries, every number of the prose recomputed, the experiment over resamples."""

import hashlib
import json
import math
import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from course.data.cache_pairs import pairs, slots
from course.models.embeddings import embed
from course.sections import cache_poisoning
from tests.executed import experiment
from tests.reference import cells, reference

SECTION = "31-cache-poisoning"
SOURCE = Path(__file__).with_name(f"{SECTION}.py").read_text(encoding="utf-8")
PROSE = " ".join(" ".join(line[1:].strip() for line in SOURCE.splitlines() if line.startswith("#")).split())
REF = reference(SECTION)
torch.set_num_threads(1)


def says(*texts):
    for text in texts:
        assert text in PROSE, f"the prose does not say {text!r}"


def cosine(a, b):
    x = embed([a, b])
    return (x[0] @ x[1]).item()


# --- libraries -------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("seed", range(5))
def test_best_match_is_scikit_learn_s_cosine(seed):
    from sklearn.metrics.pairwise import cosine_similarity
    rng = np.random.default_rng(seed)
    q, k = rng.standard_normal(9), rng.standard_normal((40, 9)) * 10 ** rng.uniform(-3, 3, (40, 1))
    k[3] = 0
    want = cosine_similarity(q[None], k)[0]
    i, c = REF["best_match"](torch.from_numpy(q), torch.from_numpy(k), -2.0)
    assert i == want.argmax() and c == pytest.approx(want.max(), abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_choose_threshold_is_the_best_point_of_the_roc_curve(seed):
    from sklearn.metrics import roc_curve
    rng = np.random.default_rng(seed)
    right, wrong = rng.normal(0.85, 0.1, 30).round(2), rng.normal(0.75, 0.1, 50).round(2)
    fpr, tpr, ts = roc_curve([1] * 30 + [0] * 50, np.concatenate([right, wrong]), drop_intermediate=False)
    s, cw, cm = 0.37, 3.3, 1.7
    costs = cm * (s * (1 - tpr) + (1 - s) * (1 - fpr)) + cw * (1 - s) * fpr
    t, cost, hit, false = REF["choose_threshold"](torch.from_numpy(right), torch.from_numpy(wrong), s, cw, cm)
    i = costs.argmin()
    assert cost == pytest.approx(costs.min()) and (hit, false) == pytest.approx((tpr[i], fpr[i])) and t == ts[i]


def test_the_probe_s_rank_test_is_scipy_s():
    from scipy.stats import mannwhitneyu
    seen = set()
    for seed in range(60):
        rng = np.random.default_rng(seed)
        n = int(rng.integers(5, 20))
        new, again = rng.normal(1, 0.4, n).clip(0.05), rng.normal(rng.uniform(0.1, 0.6), 0.4, n).clip(0.05)
        p = mannwhitneyu(again, new, alternative="less", method="asymptotic", use_continuity=False).pvalue
        if abs(p - 0.01) < 0.002:
            continue
        arms = {"b": iter([0.0, *again]), "p": iter([9.0] * n), "x": iter(new)}
        got = REF["timing_probe"](lambda text, arms=arms: float(next(arms[text])), "b", ["p"] * n, lambda: "x")
        want = "exact" if p < 0.01 and np.median(again) < 0.5 * np.median(new) else "none"
        assert got == want
        seen.add(got)
    assert seen == {"exact", "none"}


def test_a_partition_key_is_the_same_in_every_process():
    request = {"tenant": "a", "user": "é", "system_prompt": "x\n", "model": "m", "params": {"b": [1, None], "a": 0.5}, "locale": "en"}
    text = ('{"locale":"en","model":"m","params":{"a":0.5,"b":[1,null]},"scope":"user","system_prompt":"x\\n","tenant":"a",'
            '"user":"\\u00e9"}')
    assert REF["partition_key"](request, "user") == hashlib.sha256(text.encode()).hexdigest()
    salted = [subprocess.run([sys.executable, "-c", "print(hash('key'))"], env={"PYTHONHASHSEED": seed}, capture_output=True,
                             check=True).stdout for seed in ("1", "2")]
    assert salted[0] != salted[1]  # why Python's hash is no key
    says('`{"locale":"en","model":"m1","params":{},"scope":"public","system_prompt":"Hi"}`')
    assert json.loads(text)["user"] == "é"


def test_gradients_do_not_reach_what_an_encoder_returned():
    """The guide's recipe: an inference tensor refuses; a free vector reaches any target."""
    with torch.inference_mode():
        vector = torch.ones(3)
    with pytest.raises(RuntimeError):
        vector.requires_grad = True
    start, target = embed([cache_poisoning.PAYLOAD, cache_poisoning.TARGET]).clone()
    start.requires_grad_()
    for _ in range(100):  # plain descent
        loss = 1 - torch.cosine_similarity(start, target, dim=0)
        with torch.no_grad():
            start -= 0.3 * torch.autograd.grad(loss, start)[0]
    assert loss.item() < 1e-2
    says("asking it for gradients raises an error")


# --- numbers of the prose --------------------------------------------------------------------------------------------

def test_the_pairs():
    assert {k: len(v) for k, v in pairs().items()} == {"paraphrase": 16, "negation": 12, "number": 12, "slot": 12}
    says("Those are 16 paraphrases and 36 near-misses")
    served = {t: [round(n * x) for n, x in zip((16, 36), cache_poisoning.rates(t))] for t in (0.8, 0.95, 0.99)}
    assert served == {0.8: [12, 28], 0.95: [1, 13], 0.99: [0, 4]}
    says("at 0.99 no paraphrase of ours hits, and 4 of 36 near-misses still do", "0.95 keeps 1 of 16 paraphrases and 13 of 36",
         "none of our 16 paraphrases reaches 0.99, while 4 of 36")
    means = {k: v.mean().item() for k, v in cache_poisoning.cosines().items()}
    assert means["negation"] == pytest.approx(0.956, abs=5e-4) and means["paraphrase"] == pytest.approx(0.846, abs=5e-4)
    says("mean cosine 0.956 for negations, 0.846 for paraphrases")


def test_single_cosines():
    aspirin = "Is aspirin safe for children?"
    assert cosine(aspirin, "Is aspirin not safe for children?") == pytest.approx(0.994, abs=5e-4)
    assert cosine(aspirin, "Can children take aspirin safely?") == pytest.approx(0.935, abs=5e-4)
    assert cosine("Convert euros to dollars.", "Convert dollars to euros.") == pytest.approx(0.996, abs=5e-4)
    assert cosine("How do I reset my password?", "password") == pytest.approx(0.66, abs=5e-3)
    for q in ("How do I reset my password?", "What is the capital of France?"):
        assert cosine(q, q + " xyz123") == pytest.approx(0.88, abs=5e-3)
    says("have cosine 0.994", "has 0.935", "have 0.996", 'to the word "password" is 0.66', "cosine 0.88 to the plain question")


def test_the_guard_on_the_pairs():
    counts = cache_poisoning.guarded(REF["same_slots"], 0.8)
    assert counts["paraphrase"] == (16, 12, 12) and [counts[k][2] for k in ("negation", "number", "slot")] == [0, 0, 3]
    says("What passes it are slots that nobody listed")
    cats = next(p for p in pairs()["slot"] if "cats" in p[0])
    assert REF["same_slots"](*cats, slots()) and cosine(*cats) > 0.8
    says('"Can cats eat onions?" for "Can dogs eat onions?" passes')


def test_the_collision():
    found = cache_poisoning.climb(REF["greedy_suffix"])
    assert len(cache_poisoning.VOCAB) == 28 and found[3][0] == 85 and found[2][1] < 0.8 < found[3][1]
    assert found[-1][1] == pytest.approx(0.86, abs=5e-3) and len(found[-1][2].split()) - len(cache_poisoning.PAYLOAD.split()) == 6
    assert cosine(f"{cache_poisoning.TARGET} {cache_poisoning.PAYLOAD}", cache_poisoning.TARGET) == pytest.approx(0.89, abs=5e-3)
    says("Three words, found by 85 tries, pass 0.8", "six words reach 0.86", "does better at once: 0.89", "a list of 28")


def test_dear_mistakes_switch_the_cache_off():
    choose, right, wrong = REF["choose_threshold"], cache_poisoning.cosines()["paraphrase"], cache_poisoning.wrong()
    for share in (0.5, 0.95):
        assert choose(right, wrong, share, 100.0, 1.0)[0] == math.inf and choose(right, wrong, share, 1.0, 1.0)[2] == 1.0
    says("once they are dear, the cheapest threshold is +∞")


def test_the_usual_timing_script():
    hit, miss = [0.2] * 10, [1.2] + [0.2] * 9
    assert statistics.mean(miss) / statistics.mean(hit) == pytest.approx(1.5)
    says("(1.2 + 9 · 0.2) / 10 = 0.3 s, a ratio of exactly 1.5")
    assert (25 - 12.5) / math.sqrt(25 * 11 / 12) == pytest.approx(2.61, abs=5e-3)
    says("z = (25 − 12.5) / 4.79 = 2.61")


def test_a_grid_of_times_hides_nothing():
    assert [math.ceil(2 * x) / 2 for x in (0.2, 1.2)] == [0.5, 1.5]
    says("0.2 s and 1.2 s become 0.5 s and 1.5 s")


def test_the_help_desk_s_balance():
    served, after = 200_000 * 0.35, 200_000 * 0.28
    assert (served * 0.4, served * 0.02 * 30) == pytest.approx((28_000, 42_000)) and 0.4 / 30 == pytest.approx(0.0133, abs=5e-5)
    assert (after * 0.4, after * 0.003 * 30) == pytest.approx((22_400, 5_040)) and 22_400 - 5_040 == 17_360
    says("14,000 cents lost a day", "17,360 cents gained a day", "0.4 / 30 = 1.33 %")


# --- experiment, pictures, widget ------------------------------------------------------------------------------------

def test_the_experiment_over_resamples():
    shown = experiment(SECTION)
    want = ["0.8 + guard", "no cache", "0.95", "0.8"]
    assert sorted(shown["table"], key=lambda name: shown["table"][name][2]) == want == REF["prediction"]

    def served(query, cached, cosine, threshold, guard, listed):
        return cosine >= threshold and (not guard or REF["same_slots"](query, cached, listed))
    flags = cache_poisoning.decisions(shown["DESIGNS"], served)
    for seed in range(3):
        again = cache_poisoning.resampled(flags, shown["cost"], 300, seed)
        assert sum(sorted(x, key=x.get) == want for x in again) > 0.93 * len(again)
    assert shown["cost"](0.5, 0.25, 0.8, 10, 2) == pytest.approx(2 * (0.8 * 0.5 + 0.2 * 0.75) + 10 * 0.2 * 0.25)


def test_the_attacks_of_the_picture():
    rows = cache_poisoning.survived(REF["SemanticCache"], REF["GuardedCache"], REF["toy_embed"])
    assert len(rows) == 8 and all(plain and guarded != attack for _, attack, plain, guarded in rows)
    assert sum(attack for _, attack, *_ in rows) == 6
    says("Six attacks on the toy embedding")


def test_a_flood_reaches_only_a_shared_space():
    assert cache_poisoning.share_left(REF["SemanticCache"], True, 60) == 1.0
    assert cache_poisoning.share_left(REF["SemanticCache"], False, 20) == 1.0
    assert cache_poisoning.share_left(REF["SemanticCache"], False, 30) == 0.5
    assert cache_poisoning.share_left(REF["SemanticCache"], False, 60) == 0.0


def test_the_probe_on_the_simulated_services():
    names = {"no cache": "none", "exact cache": "exact", "semantic cache": "semantic", "prefix reused": "none"}
    for kind, want in names.items():
        for seed in range(10):
            numbers = iter(range(1000))
            ask = cache_poisoning.service(kind, seed)
            assert REF["timing_probe"](ask, "base", [f"p{i}" for i in range(15)], lambda n=numbers: f"x{next(n)}") == want


def test_pictures_and_widget_draw():
    namespace = reference(SECTION)
    for source in cells(SECTION, "picture"):
        exec(source, namespace)
    controls, (image, words) = (box.children for box in cache_poisoning.widget(REF["same_slots"]).children)
    before = bytes(image.value)
    assert before[:4] == b"\x89PNG" and "<b>2.58</b>" in words.value
    controls[1].value = True
    assert bytes(image.value) != before and "<b>0.57</b>" in words.value
