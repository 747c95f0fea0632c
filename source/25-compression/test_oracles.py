"""25-compression: the reference against torch's own pruning and losses, every number of the prose recomputed, the experiment."""

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import prune

from course.models.sizes import MODELS
from course.sections import compression
from tests.reference import cells, reference

SECTION = "25-compression"
SOURCE = Path(__file__).with_name(f"{SECTION}.py").read_text(encoding="utf-8")
PROSE = " ".join(line[1:].strip() for line in SOURCE.splitlines() if line.startswith("#"))
REF = reference(SECTION)
torch.set_num_threads(1)


def random(*shape, seed=0, dtype=torch.float32):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def says(*texts):
    for text in texts:
        assert text in PROSE, f"the prose does not say {text!r}"


# --- distillation ----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("seed", range(5))
def test_kd_loss_is_torch_s(seed):
    s, t = random(3, 7, 11, seed=seed), random(3, 7, 11, seed=seed + 9)
    labels = torch.randint(11, (3, 7), generator=torch.Generator().manual_seed(seed))
    labels[:, 5:] = -100
    valid, T = labels.flatten() != -100, 3.0
    kl = F.kl_div((s.flatten(0, 1)[valid] / T).log_softmax(-1), (t.flatten(0, 1)[valid] / T).softmax(-1), reduction="batchmean") * T * T
    ce = F.cross_entropy(s.mT, labels)
    torch.testing.assert_close(REF["kd_loss"](s, t, labels, T, 0.3), 0.3 * kl + 0.7 * ce)


def test_direction():
    p, q = torch.tensor([0.75, 0.25]), torch.tensor([0.5, 0.5])
    assert F.kl_div(q.log(), p, reduction="sum").item() == pytest.approx(0.1308, abs=5e-5)
    assert F.kl_div(p.log(), q, reduction="sum").item() == pytest.approx(0.1438, abs=5e-5)
    says("0.1308", "0.1438")


def test_batchmean():
    s, t = random(2, 50, 9), random(2, 50, 9, seed=1)
    wrong = F.kl_div(s.log_softmax(-1), t.softmax(-1), reduction="batchmean")
    assert (wrong / REF["kd_loss"](s, t, torch.zeros(2, 50).long(), 1.0, 1.0)).item() == pytest.approx(50, rel=1e-4)
    with pytest.raises(RuntimeError):
        F.cross_entropy(s, torch.zeros(2, 50).long())


def test_temperature():
    """Towards a squared error on centred logits, and T² keeps the gradient's length within a factor of two."""
    rows = [compression.gradients(REF["kd_loss"], T) for T in (1.0, 2.0, 4.0, 8.0, 16.0)]
    assert [r[0] for r in rows] == sorted(r[0] for r in rows) and rows[-1][0] > 0.99
    assert max(r[1] for r in rows) / min(r[1] for r in rows) < 2 and rows[0][2] / rows[-1][2] > 200


# --- pruning ---------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("share", [0.0, 0.1, 0.37, 0.5, 0.9])
def test_masks_are_torch_s(share):
    layers = [nn.Linear(7, 5), nn.Linear(5, 9)]
    params = {str(i): layer.weight.detach().clone() for i, layer in enumerate(layers)}
    for name, mask in REF["magnitude_masks"](params, share).items():
        layer = nn.Linear(*params[name].shape[::-1])
        layer.weight.data.copy_(params[name])
        prune.l1_unstructured(layer, "weight", share)
        assert torch.equal(mask, layer.weight_mask.bool())
    prune.global_unstructured([(layer, "weight") for layer in layers], pruning_method=prune.L1Unstructured, amount=share)
    for name, mask in REF["magnitude_masks"](params, share, "global").items():
        assert torch.equal(mask, layers[int(name)].weight_mask.bool())


def test_the_guides_loop():
    """A threshold takes all of a norm of ones; sparsity 0 asks for the 0th smallest."""
    ones = torch.ones(16)
    assert not (ones.abs() > ones.abs().kthvalue(8).values).any()
    with pytest.raises((RuntimeError, IndexError)):
        ones.kthvalue(0)


def test_wanda_beats_magnitude():
    for s, ours, theirs in [(0.5, 0.123, 0.271), (0.7, 0.214, 0.470)]:
        found = compression.output_errors(REF["wanda_mask"], REF["magnitude_masks"], REF["nm_sparsify"], s)
        assert found["Wanda"] == pytest.approx(ours, rel=0.1) and found["magnitude"] == pytest.approx(theirs, rel=0.1)
    five = [compression.output_errors(REF["wanda_mask"], REF["magnitude_masks"], REF["nm_sparsify"], 0.5, i) for i in range(5)]
    assert [round(sum(f[k] for f in five) / 5, 2) for k in ("magnitude", "Wanda")] == [0.26, 0.12]
    says("50 % cost 0.26 of the outputs, Wanda's |W| · ‖X‖ 0.12")


def test_two_of_four():
    W = random(6, 32)
    new = REF["nm_sparsify"](W)
    assert ((new != 0).view(6, 8, 4).sum(-1) == 2).all() and new.abs().sum() > 0.5 * W.abs().sum()


def test_heads_are_silenced():
    """torch's attention with grouped heads: the pruned layer is the whole one with columns of Wo at 0."""
    heads, kv, E, D = 8, 2, 3, 7
    W = [random(*s, seed=i) for i, s in enumerate([(24, D), (6, D), (6, D), (D, 24)])]
    x = random(2, 5, D, seed=9)

    def attention(Wq, Wk, Wv, Wo, heads, kv):
        q, k, v = ((x @ w.T).unflatten(-1, (-1, E)).transpose(1, 2) for w in (Wq, Wk, Wv))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
        return y.transpose(1, 2).flatten(2) @ Wo.T

    for keep in ([0, 1, 5, 6], [4, 7], [2, 6], list(range(8))):
        silent = W[3].clone().view(D, heads, E)
        silent[:, [h for h in range(heads) if h not in keep]] = 0
        torch.testing.assert_close(attention(*REF["prune_heads"](*W, keep, heads, kv)), attention(*W[:3], silent.view(D, -1), heads, kv))


def test_low_rank():
    assert REF["break_even"](4096, 14336) == 3185 and REF["break_even"](8, 8) == 3
    says("3,185")
    W, s = random(9, 13), torch.linalg.svdvals(random(9, 13))
    A, B = REF["lowrank"](W, 4)
    torch.testing.assert_close((W - B @ A).norm(), s[4:].norm())
    for r in (8, 32, 96):
        plain, aware = compression.rank_errors(REF["lowrank"], r)
        assert aware < plain


# --- bytes -----------------------------------------------------------------------------------------------------------

def params(cfg, heads=1.0, kv=1.0, hidden=1.0):
    q, k = cfg["heads"] * cfg["head_dim"] * heads, cfg["kv_heads"] * cfg["head_dim"] * kv
    block = cfg["width"] * (2 * q + 2 * k + 3 * cfg["hidden"] * hidden + 2)
    return cfg["layers"] * block + cfg["width"] * (2 * cfg["vocab"] + 1)


def test_the_8b():
    n = params(REF["LLAMA_3_8B"])
    assert n == MODELS["Llama-3-8B"].params == REF["model_bytes"](REF["LLAMA_3_8B"], 16) / 2 and round(n / 2e9, 2) == 4.02
    size = REF["model_bytes"](REF["LLAMA_3_8B"], 4, 128)
    matrices = n - 2 * 128256 * 4096 - 65 * 4096
    assert round(size / 1e9, 2) == 5.70 and round((size + matrices / 128 / 2) / 1e9, 2) == 5.73
    assert round(matrices / 2e9, 2) == 3.49 and round(2 * matrices / 128 / 1e9, 2) == 0.11 and round(4 * 128256 * 4096 / 1e9, 2) == 2.10
    says("4.02 GB", "5.70 GB", "5.73 GB", "(0.5 · 16 + 1) / 16 = 56 %", "(0.5 · 4 + 1) / 4 = 75 %")
    assert round(100 * 9 / 16) == 56


def test_the_70b():
    cfg = REF["LLAMA_3_70B"]
    n = params(cfg)
    assert n == MODELS["Llama-3-70B"].params  # which section 14 counts in transformers' own model
    assert [round(x / 1e9, 2) for x in (n, params(cfg, heads=0.7, hidden=0.75))] == [70.55, 53.24]
    assert round(params(cfg, heads=0.7, kv=0.7, hidden=0.75) / 1e9, 1) == 52.8
    assert round(params(cfg, heads=0.75, hidden=0.75) / 1e9, 1) == 53.8
    assert round(100 * (1 - params(cfg, heads=0.7, hidden=0.75) / n)) == 25
    assert round(n / params(REF["LLAMA_3_8B"]), 1) == 8.8 and round(2 * n / 1e9) == 141 and round(n / 2e9, 1) == 35.3
    assert round(REF["model_bytes"](cfg, 4, 128) / 1e9, 1) == 39.5
    says("53.2 billion", "about 53.8 billion", "8.8 times", "39.5 GB")
    small = REF["LLAMA_3_8B"]
    row, head = 128256 * cfg["width"], 128256 * small["width"]  # what a token does not read of an embedding; a head
    read = params(small) - head
    assert round((n - row) / read, 1) == 9.3
    packed = (read - head) * (0.5 + 2 / 128)
    assert round(2 * read / (packed + 2 * head), 1) == 3.2 and round(2 * read / (read * (0.5 + 2 / 128)), 1) == 3.9
    says("reads 9.3 times less", "3.2 times less", "3.9 with the head in 4 bits too", "3.2 to 3.9 times less")


# --- all together ----------------------------------------------------------------------------------------------------

def test_distilling_is_what_counts():
    low = compression.by_order(REF["compress"], REF["quant_sym"], 500, 0)
    assert low["prune, distil, quantise"] > low["no distilling"] + 0.2 and low["rounded first"] > low["no distilling"] + 0.1


@pytest.mark.parametrize("seed", range(3))
def test_prediction(seed):
    exec(cells(SECTION, "experiment")[0].split("table =")[0], REF)
    found = compression.zeroed(REF["masks_of"], REF["heal"], seed)
    order = sorted(["global 90%", "random 90%", "global 90% + KD", "random 90% + KD"], key=lambda n: -found[n])
    assert order == ["global 90% + KD", "random 90% + KD", "global 90%", "random 90%"]


def test_one_ranking_or_many():
    """Global beats local in five of six networks."""
    _, _, x, y = compression.images()
    ahead = 0
    for seed in range(6):
        start = compression.trained((64, 256, 256, 10), seed)
        found = []
        for scope in ("global", "local"):
            masks = REF["magnitude_masks"](start, 0.9, scope)
            found.append(compression.Net({k: w * masks[k] for k, w in start.items()}).accuracy(x, y))
        ahead += found[0] > found[1]
    assert ahead == 5
    says("in five of six networks")
