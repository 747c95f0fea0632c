"""04-lora: the reference against peft, every number of the prose recomputed, the experiment run over several seeds."""

import math
import re
import warnings
from pathlib import Path

import pytest
import torch
from torch import nn

from course.data.tone import pirate
from course.models.linears import CONFIG, logits, named, random_weights
from course.models.smollm import Tokenizer
from course.models.transformer import Config, Transformer
from course.sections import lora
from tests.executed import experiment
from tests.reference import cells, reference

SECTION = "04-lora"
SOURCE = Path(__file__).with_name(f"{SECTION}.py").read_text(encoding="utf-8")
PROSE = " ".join(line[1:].strip() for line in SOURCE.splitlines() if line.startswith("#"))
REF = reference(SECTION)
ALL = ["q", "k", "v", "out", "gate", "up", "down"]
torch.set_num_threads(1)


def random(*shape, seed=0, dtype=torch.float32):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def says(*texts):
    for text in texts:
        assert text in PROSE, f"the prose does not say {text!r}"


class One(nn.Module):
    """A model with a layer or two, for peft to adapt."""

    def __init__(self, *shapes):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(i, o) for o, i in shapes)

    def forward(self, x):
        return self.layers[0](x)


def adapted(config, *shapes):
    import peft
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return peft.get_peft_model(One(*shapes), config)


# --- peft ------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("root", [False, True])
@pytest.mark.parametrize("r, alpha", [(1, 4), (3, 16), (8, 2)])
def test_lora_forward_is_peft(r, alpha, root):
    import peft
    model = adapted(peft.LoraConfig(r=r, lora_alpha=alpha, use_rslora=root, target_modules=["0"]), (7, 5))
    layer = model.base_model.model.layers[0]
    A, B = layer.lora_A["default"].weight.data, layer.lora_B["default"].weight.data
    assert A.shape == (r, 5) and B.shape == (7, r) and not B.any() and A.abs().max() <= 1 / 5 ** 0.5  # as first_step draws it
    B.copy_(random(7, r))
    x = random(4, 2, 5, seed=1)
    base = layer.base_layer
    got = REF["lora_forward"](x, base.weight.data, A, B, alpha, base.bias.data, root)
    torch.testing.assert_close(got, model(x).detach(), rtol=1e-5, atol=1e-5)
    if not root:
        want = base.weight.data.clone()
        layer.merge()
        torch.testing.assert_close(REF["merge"](want, [(A, B, alpha)]), layer.base_layer.weight.data, rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(REF["merge"](layer.base_layer.weight.data, [(A, B, alpha)], [-1.0]), want, rtol=1e-5, atol=1e-5)


def test_combine_is_peft_s_cat():
    import peft
    model = adapted(peft.LoraConfig(r=2, lora_alpha=6, target_modules=["0"]), (7, 5))
    model.add_adapter("second", peft.LoraConfig(r=3, lora_alpha=4, target_modules=["0"]))
    layer, parts = model.base_model.model.layers[0], []
    for name, alpha, seed in [("default", 6, 1), ("second", 4, 2)]:
        A, B = layer.lora_A[name].weight.data, layer.lora_B[name].weight.data
        B.copy_(random(*B.shape, seed=seed))
        parts.append((A.clone(), B.clone(), alpha))
    model.add_weighted_adapter(["default", "second"], [0.7, 0.4], "both", combination_type="cat")
    A, B, alpha = REF["combine"](parts, [0.7, 0.4])
    assert A.shape == layer.lora_A["both"].weight.shape
    torch.testing.assert_close(alpha / len(A) * B @ A, layer.get_delta_weight("both"), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_dora_is_peft(seed):
    """Weight, value and the gradients of A, B and m: the norm is detached there, too."""
    import peft
    model = adapted(peft.LoraConfig(r=3, lora_alpha=6, use_dora=True, target_modules=["0"]), (7, 5))
    layer = model.base_model.model.layers[0]
    A, B, m = layer.lora_A["default"].weight, layer.lora_B["default"].weight, layer.lora_magnitude_vector["default"].weight
    W0, bias = layer.base_layer.weight.data, layer.base_layer.bias.data
    torch.testing.assert_close(m.data, W0.norm(dim=1))
    torch.testing.assert_close(REF["dora_weight"](W0, A.data, B.data, 6.0), W0)
    B.data.copy_(random(7, 3, seed=seed))
    m.data.copy_(random(7, seed=seed + 1))
    x, way = random(4, 5, seed=seed + 2), random(4, 7, seed=seed + 3)
    y = model(x)
    (y * way).sum().backward()
    mine = [p.detach().clone().requires_grad_() for p in (A, B, m)]
    got = x @ REF["dora_weight"](W0, mine[0], mine[1], 6.0, mine[2]).T + bias
    torch.testing.assert_close(got, y, rtol=1e-4, atol=1e-5)
    for p, grad in zip((A, B, m), torch.autograd.grad((got * way).sum(), mine)):
        torch.testing.assert_close(grad, p.grad, rtol=1e-4, atol=1e-5)


def test_vera_is_peft():
    """Two layers of different shapes share one pair, of which each takes the beginning."""
    import peft
    model = adapted(peft.VeraConfig(r=4, target_modules=["0", "1"]), (7, 5), (3, 9))
    for seed, layer in enumerate(model.base_model.model.layers):
        A, B = layer.vera_A["default"], layer.vera_B["default"]
        d, b = layer.vera_lambda_d["default"].data, layer.vera_lambda_b["default"].data
        assert A.shape == (4, 9) and B.shape == (7, 4) and (d == 0.1).all() and not b.any()
        b.copy_(random(len(b), seed=seed))
        d.copy_(random(4, seed=seed + 5))
        W, bias = layer.base_layer.weight.data, layer.base_layer.bias.data
        x = random(6, W.shape[1], seed=seed + 9)
        got = REF["vera_forward"](x, W, A, B, d, b) + bias
        torch.testing.assert_close(got, layer(x).detach(), rtol=1e-4, atol=1e-5)
    assert sum(p.numel() for p in model.parameters() if p.requires_grad) == (4 + 7) + (4 + 3)


def allocator(**more):
    import peft
    from peft.tuners.adalora.layer import RankAllocator
    config = peft.AdaLoraConfig(init_r=6, target_r=2, tinit=5, tfinal=7, deltaT=2, total_step=40, target_modules=["0", "1"], **more)
    model = adapted(config, (7, 5), (3, 9))
    return model, RankAllocator(model, config, "default")


def test_importance_is_peft():
    """Scores after three steps, and the triplets kept of both layers together."""
    model, ranks = allocator(beta1=0.85, beta2=0.7)
    layers, states, scores = model.base_model.model.layers, [None, None], [None, None]
    for step in range(3):
        for i, layer in enumerate(layers):
            trio = layer.lora_B["default"], layer.lora_E["default"], layer.lora_A["default"]
            for j, p in enumerate(trio):
                p.data = random(*p.shape, seed=50 * step + 10 * i + j)
                p.grad = random(*p.shape, seed=50 * step + 10 * i + j + 5)
            flat = tuple(p.data.flatten() if j == 1 else p.data for j, p in enumerate(trio))
            grads = tuple(p.grad.flatten() if j == 1 else p.grad for j, p in enumerate(trio))
            states[i], scores[i] = REF["importance"](states[i], flat, grads, 0.85, 0.7)
        ranks.update_ipt(model)
    pattern = ranks.mask_to_budget(model, 5)
    masks = REF["allocate"](scores, 5)
    for i, mask in enumerate(masks):
        assert mask.tolist() == next(v for k, v in pattern.items() if f"layers.{i}." in k)


def test_budget_is_peft():
    import peft
    _, ranks = allocator()
    for step in range(1, 45):
        assert lora.budget(step, 12, 4, 5, 7, 40) == ranks.budget_schedule(step)[0]
    defaults = peft.AdaLoraConfig(total_step=1000)
    assert (defaults.init_r, defaults.target_r, defaults.beta1, defaults.beta2) == (12, 8, 0.85, 0.85)
    says("start at r = 12 a matrix and end at 8 on average")


def test_the_guides_class_does_not_run():
    U, S, V = torch.randn(64, 16), torch.ones(16), torch.randn(16, 64)
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        U @ torch.diag(S) @ V.T
    code = re.search(r"# ```python\n(.*?)# ```", SOURCE, re.S)[1].replace("\n# ", "\n").removeprefix("# ")
    space = {"nn": nn, "torch": torch, "hidden_dim": 64}
    exec(code.replace("class AdaLoRALayer:", "class AdaLoRALayer(nn.Module):").replace("target_budget=0.5):", "target_budget=0.5):\n        super().__init__()"),
         space)
    with pytest.raises(AttributeError, match="importance_threshold"):
        space["AdaLoRALayer"]().forward(torch.zeros(1, 64))


# --- batches, the small transformer ----------------------------------------------------------------------------------

@pytest.mark.parametrize("seed", range(8))
def test_linears_are_the_transformer(seed):
    model, ids = Transformer(CONFIG, seed), torch.randint(96, (3, 11), generator=torch.Generator().manual_seed(seed))
    torch.testing.assert_close(logits(named(model), ids), model(ids)[0], rtol=1e-5, atol=1e-5)
    small = Config(31, layers=1, width=20, heads=4, kv_heads=4, head_dim=6, hidden=9)
    torch.testing.assert_close(logits(random_weights(small, seed), ids % 31, config=small), Transformer(small, seed)(ids % 31)[0], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("seed", range(4))
def test_a_batch_is_its_rows(seed):
    adapters = [(random(2 + i, 9, seed=i), random(6, 2 + i, seed=i + 9), 3.0 * i) for i in range(4)]
    y, x = random(30, 6, seed=seed), random(30, 9, seed=seed + 1)
    idx = torch.randint(-1, 4, (30,), generator=torch.Generator().manual_seed(seed))
    torch.testing.assert_close(REF["batched_multi_lora"](y, x, idx, adapters), lora.row_by_row(y, x, idx, adapters), rtol=1e-4, atol=1e-4)


def test_a_step_is_autograd_s():
    """At B = 0 the loss is the base model's, every B moves and no A does."""
    model, ids = random_weights(seed=3), torch.randint(96, (4, 12), generator=torch.Generator().manual_seed(3))
    adapters = lora.fresh_adapters(model, 4, torch.Generator().manual_seed(0))
    new, loss = REF["lora_step"](model, adapters, ids, 8.0, 0.5)
    out = logits(model, ids)
    torch.testing.assert_close(loss, torch.nn.functional.cross_entropy(out[:, :-1].mT, ids[:, 1:]))
    assert len(new) == 14
    for name, (A, B) in new.items():
        assert torch.equal(A, adapters[name][0]) and B.any()


def test_first_step_by_rank():
    """What the first step gains goes with s² r under gradient descent and with s r under Adam; the picture shows both."""
    ranks = (1, 8, 64)
    for root in (False, True):
        plain, adam = lora.first_gains(REF["lora_forward"], ranks, root)
        for i, r in enumerate(ranks):
            s = r ** (-0.5 if root else -1)
            assert plain[i] / plain[0] == pytest.approx(s * s * r, rel=0.25) and adam[i] / adam[0] == pytest.approx(s * r, rel=0.25)


def test_merging_rounds():
    size, lost = lora.merged_error(REF["merge"], 1e-3, torch.bfloat16)
    assert 0.7 < lost / size < 0.8
    size, lost = lora.merged_error(REF["merge"], 1e-3, torch.float32)
    assert lost < 1e-3 * size
    assert lora.not_back(REF["merge"], 0.1, torch.bfloat16) > 0.05 > lora.not_back(REF["merge"], 1e-5, torch.bfloat16)


@pytest.mark.parametrize("seed", range(2))
def test_ranks_are_found(seed):
    found = lora.found_ranks(REF["importance"], REF["allocate"], seed)
    assert sum(found) == sum(lora.RANKS) == 18
    assert all(abs(a - b) <= 2 for a, b in zip(found, lora.RANKS)) and found[4] == 0  # "within a triplet or two"
    says("18 of 48 triplets", "Within a triplet or two")


# --- numbers ---------------------------------------------------------------------------------------------------------

def test_parameter_counts():
    """The table of part 1, against transformers' own model of the shape; DoRA's and VeRA's share."""
    import transformers as t
    with torch.device("meta"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        llama = t.LlamaForCausalLM(t.LlamaConfig())
    total = sum(p.numel() for p in llama.parameters())
    shapes = {n.split(".")[-2]: p.shape for n, p in llama.model.layers[0].named_parameters() if "proj" in n}
    count, shape = REF["lora_params"], REF["LLAMA_2_7B"]
    for r, targets, text in [(8, ["q", "v"], "4,194,304 | 1,607"), (16, ALL, "39,976,960 | 169"), (64, ALL, "159,907,840 | 42")]:
        n = count(shape, r, targets)
        theirs = 32 * sum(r * sum(s) for name, s in shapes.items() if {"o_proj": "out"}.get(name, name.removesuffix("_proj")) in targets)
        assert n == theirs and text == f"{n:,} | {round(total / n):,}"
        says(text)
    dora = 32 * sum(s[0] for s in shapes.values())
    assert f"{100 * dora / count(shape, 16, ALL):.1f} %" == "3.4 %"
    vera = 32 * 2 * (4096 + 256)
    assert vera == 278_528 and count(shape, 16, ["q", "v"]) == 8_388_608 and round(8_388_608 / vera) == 30
    says("278,528", "8,388,608: 30 times fewer", "3.4 % more than r = 16")
    assert round(2 * count(shape, 16, ALL) / 1e6) == 80 and f"{2 * total / 1e9:.1f}" == "13.5"
    says("is 80 MB in BF16, against 13.5 GB")


def test_qlora_numbers():
    memory, big = REF["qlora_memory"], REF["LLAMA_3_70B"]
    parts = memory(big, 64, ALL)
    linear, other = 2 * parts["weights"], parts["other"] // 2
    assert linear + other == 70_553_706_496 and f"{(linear + other) / 2e9:.1f}" == "35.3"
    assert f"{8 * parts['constants'] / linear:.3f}" == "0.127" == f"{8 / 64 + 32 / (64 * 256):.3f}"
    assert 8 * memory(big, 64, ALL, dq_block=None)["constants"] / linear == 0.5
    gb = {k: v / 1e9 for k, v in parts.items()}
    assert [f"{gb[k]:.1f}" for k in ("weights", "constants", "other")] == ["34.2", "1.1", "4.2"]
    assert f"{gb['weights'] + gb['constants'] + gb['other']:.1f}" == "39.5"
    assert round(parts["adapters"] / 2e6) == 828 and f"{gb['optimizer']:.1f}" == "6.6"
    says("35.3 GB", "0.127 bits", "4.127 bits", "39.5 GB before adapters", "34.2 GB of 4-bit weights, 1.1 GB of constants, 4.2 GB of embedding", "828 million", "6.6 GB")
    thirty_three = dict(layers=60, width=6656, heads=52, kv_heads=52, head_dim=128, hidden=17920, vocab=32000, tied=False)  # LLaMA-33B
    assert sum(memory(thirty_three, 8, ALL).values()) < 24e9 < sum(memory(big, 0, []).values())


def test_qlora_counts_what_peft_trains():
    import peft
    import transformers as t
    config = t.LlamaConfig(hidden_size=48, num_attention_heads=6, num_key_value_heads=2, head_dim=8, intermediate_size=80, num_hidden_layers=3, vocab_size=50)
    shape = dict(layers=3, width=48, heads=6, kv_heads=2, head_dim=8, hidden=80, vocab=50, tied=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = t.LlamaForCausalLM(config)
        matrices = sum(p.numel() for n, p in model.named_parameters() if "proj" in n)
        parts = REF["qlora_memory"](shape, 5, ["k", "down"])
        assert parts["weights"] == matrices // 2 and parts["other"] == 2 * (sum(p.numel() for p in model.parameters()) - matrices)
        model = peft.get_peft_model(model, peft.LoraConfig(r=5, target_modules=["k_proj", "down_proj"]))
    assert sum(p.numel() for p in model.parameters() if p.requires_grad) == REF["lora_params"](shape, 5, ["k", "down"])


def test_numbers_of_the_written_question():
    shape, total = REF["LLAMA_3_8B"], 8_030_261_248
    one = REF["lora_params"](shape, 16, ALL)
    assert one == 16 * 81_920 * 32 and f"{one / 1e6:.1f}" == "41.9" and round(2 * one / 1e6) == 84
    served = 2 * total + 400 * 2 * one
    assert f"{400 * 2 * one / 1e9:.1f}" == "33.6" and f"{2 * total / 1e9:.1f}" == "16.1" and f"{served / 1e9:.1f}" == "49.6"
    per_token = 2 * 32 * 8 * 128 * 2
    assert per_token == 131_072 and round((80e9 - served) / per_token, -4) == 230_000 and 80e9 // (2 * total) < 5
    parts = {k: v / 1e9 for k, v in REF["qlora_memory"](shape, 16, ALL).items()}
    assert [f"{parts[k]:.2f}" for k in parts] == ["3.49", "0.11", "2.10", "0.08", "0.08", "0.34"] and f"{sum(parts.values()):.1f}" == "6.2"
    says("131,072 bytes", "33.6 GB", "49.6 GB", "230,000", "3.49 GB", "2.10 GB", "6.2 GB")


def test_the_small_model_has_as_many_parameters_as_the_prose_says():
    assert round(sum(w.numel() for w in random_weights().values()), -3) == 45_000
    says("45,000 parameters")


# --- the experiment, pictures, the widget, the real model's frame ----------------------------------------------------

@pytest.fixture(scope="module")
def shown():
    return experiment(SECTION)


def test_experiment_shows_the_claim(shown):
    """The order over five seeds; LoRA ends at the singular values that it leaves out."""
    truth = REF["prediction"]
    tables = [shown["table"]]
    for seed in range(1, 5):
        D, values = lora.target(torch.Generator().manual_seed(100 + seed))
        tables.append({name: lora.fit(shown["start"], *lora.WAYS[name], D, seed, 300)[0] for name in truth})
    for table in tables:
        assert sorted(truth, key=table.__getitem__) == truth
    _, values = lora.target(torch.Generator().manual_seed(0))
    for name, (method, r) in lora.WAYS.items():
        if method == "LoRA":
            assert shown["table"][name] == pytest.approx(values[r:].square().sum().item(), rel=0.02)
    start, numbers = shown["start"], {}
    for name in truth:
        method, r = lora.WAYS[name]
        params, update = start(method, r, torch.Generator())
        numbers[name] = sum(p.numel() for p in params)
        assert not update(*params).any()  # all begin at 0
    assert numbers == {"LoRA r=4": 512, "LoRA r=1": 128, "VeRA r=256": 320, "VeRA r=64": 128}


def test_pictures_and_widget_draw(monkeypatch):
    namespace = reference(SECTION)
    monkeypatch.setattr(lora, "pretrained", lambda: random_weights())
    monkeypatch.setattr(lora, "trained_voices", lambda step, start: {v: lora.fresh_adapters(start, 2, torch.Generator()) for v in lora.VOICES})
    for source in cells(SECTION, "picture"):
        exec(source, namespace)
    controls, (image, words) = (box.children for box in lora.widget().children)
    before = bytes(image.value)
    assert before[:4] == b"\x89PNG" and "65,536 numbers" in words.value
    controls[1].value = 1
    assert bytes(image.value) != before and "8,192 numbers" in words.value
    _, text = lora.caught(0.97, 8, 64)
    share = sum(0.97 ** (2 * i) for i in range(8)) / sum(0.97 ** (2 * i) for i in range(64))
    assert share < 0.5 and f"{100 * share:.1f} %" in text


def test_the_pirates_lines():
    pairs = pirate()
    assert len(pairs) == 100 == len({q for q, _ in pairs}) and all(a.startswith("Arr,") and a.endswith("matey!") for _, a in pairs)
    assert not {q for q, _ in pairs} & set(lora.QUESTIONS)


def test_a_tone_is_learnt_by_any_transformer(capsys):
    """The frame of the real cells, on a toy: adapters beside and inside the model, and the model as it was afterwards."""
    metadata = toy_tokenizer()
    tokenizer = Tokenizer(metadata)
    model = Transformer(Config(len(tokenizer.vocab), layers=3, width=24, heads=4, kv_heads=2, head_dim=6, hidden=32), 0).requires_grad_(False)
    kept = {name: p.clone() for name, p in model.named_parameters()}
    voice = lora.learn_tone(model, tokenizer, REF["lora_forward"], steps=3, batch=4)
    found = lora.compare_tone(model, tokenizer, voice, REF["merge"], tokens=3, other_tokens=20)
    assert all(torch.equal(p, kept[name]) for name, p in model.named_parameters()) and found["merged"]
    assert not any("forward" in module.__dict__ for module in model.modules())
    assert "answers that say Arr" in capsys.readouterr().out
    assert 8 * (8 * (576 + 576) + 8 * (576 + 192)) == 122_880  # what the real cell prints
    assert 134_515_008 * 4 / (122_880 * 4) > 1000  # "more than a thousand times that"


def toy_tokenizer():
    """Bytes as tokens, with the control tokens that a chat needs."""
    from tokenizers.pre_tokenizers import ByteLevel
    tokens = [*sorted(ByteLevel.alphabet()), "<|im_start|>", "<|im_end|>", "<|endoftext|>"]
    return {"tokenizer.ggml.tokens": tokens, "tokenizer.ggml.token_type": [1] * (len(tokens) - 3) + [3] * 3, "tokenizer.ggml.merges": []}


def test_thin_products_win():
    """The two wrong orders of the picture are slower, whatever the machine."""
    taken = lora.orders()
    assert taken["BA anew for each row"] > 10 * taken["two thin products"] and taken["BA once, then x"] > taken["two thin products"]
    assert math.isfinite(sum(taken.values()))
