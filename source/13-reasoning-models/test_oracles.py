"""13-reasoning-models: the reference against other ways, every number of the prose recomputed, the experiment over seeds."""

import re
from fractions import Fraction
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from course.models.transformer import Transformer
from course.sections import reasoning_models
from tests.executed import experiment
from tests.reference import cells, reference

SECTION = "13-reasoning-models"
SOURCE = Path(__file__).with_name(f"{SECTION}.py").read_text(encoding="utf-8")
PROSE = " ".join(line[1:].strip() for line in SOURCE.splitlines() if line.startswith("#"))
REF = reference(SECTION)
torch.set_num_threads(1)


def says(*texts):
    for text in texts:
        assert text in PROSE, f"the prose does not say {text!r}"


def experiment_code():
    space = dict(REF)
    exec(cells(SECTION, "experiment")[0].split("\n\n\ntable")[0], space)
    return space["written"]


# --- thoughts and answers --------------------------------------------------------------------------------------------

def test_stream_and_parser_agree():
    """However a text is cut, the stream's answer is the parser's, up to white space."""
    g = torch.Generator().manual_seed(0)
    parts = ["<think>", "</think>", "a ", "<", "/", "think>", "\n", "b"]
    for _ in range(300):
        text = "".join(parts[i] for i in torch.randint(0, len(parts), (9,), generator=g))
        first = re.search("</?think>", text)
        stream = REF["ThinkStream"](inside=bool(first) and first[0] == "</think>")
        size = int(torch.randint(1, 9, (), generator=g))
        out = [stream.feed(text[i:i + size]) for i in range(0, len(text), size)] + [stream.finish()]
        thought, answer = REF["parse_think"](text)
        assert "".join(a for _, a in out).strip() == answer
        assert "".join("".join(t for t, _ in out).split()) == "".join(thought.split())


def test_a_pattern_for_the_tidy_case_fails_on_three_of_four():
    tidy = re.compile(r"^<think>(.*)</think>(.*)$", re.S)
    texts = ["".join(text for text, _ in parts) for _, parts in reasoning_models.OUTPUTS]
    right = [bool(m := tidy.match(t)) and (m[1].strip(), m[2].strip()) == REF["parse_think"](t) for t in texts]
    assert right == [True, False, False, False]
    assert [REF["parse_think"](t)[1] for t in texts] == ["7", "", "7", "7 yes"]


# --- answers ---------------------------------------------------------------------------------------------------------

def test_same_answer_is_sympy_s_on_numbers():
    sympy = pytest.importorskip("sympy")
    texts = ["1/2", "0.5", "0.333", "1/3", "-4", "7", "7.0", "2/6", "0.3333333333333333", "9007199254740993", "9007199254740992"]
    for a in texts:
        for b in texts:
            same = sympy.Rational(a) == sympy.Rational(b)
            assert REF["same_answer"](a, b) is bool(same), (a, b)


def test_same_answer_shown_cases():
    same = REF["same_answer"]
    assert float(2 ** 53 + 1) == float(2 ** 53) and not same(str(2 ** 53 + 1), str(2 ** 53))
    assert [same(a, b) for a, b in reasoning_models.PAIRS] == [True, True, True, False, False, True, False]
    assert [a == b for a, b in reasoning_models.PAIRS] == [False] * 6 + [True]
    assert [reasoning_models.near(a, b) for a, b in reasoning_models.PAIRS] == [False, False, False, False, True, False, True]
    says("0.333 is not 1/3, and 2⁵³ + 1 is not 2⁵³")


# --- steps -----------------------------------------------------------------------------------------------------------

def test_scratchpad_is_xor():
    import functools
    import itertools
    bits = torch.tensor(list(itertools.product([0, 1], repeat=6)))
    for every in range(1, 8):
        ends = [*range(every, 6, every), 6]
        want = [[functools.reduce(lambda a, b: a ^ b, row[:e]) for e in ends] for row in bits.tolist()]
        assert REF["scratchpad"](bits, every).tolist() == want
    says("`<think>1101</think>1`", "`<think>11</think>1`")
    assert REF["scratchpad"](torch.tensor([[1, 0, 1, 1]])).tolist() == [[1, 1, 0, 1]]
    assert REF["scratchpad"](torch.tensor([[1, 0, 1, 1]]), 2).tolist() == [[1, 1]]


def test_no_part_of_the_bits_says_anything():
    """Every proper subset of the bits is independent of the parity."""
    import itertools
    rows = list(itertools.product([0, 1], repeat=5))
    for k in range(5):
        for subset in itertools.combinations(range(5), k):
            for values in itertools.product([0, 1], repeat=k):
                some = [sum(r) % 2 for r in rows if all(r[i] == v for i, v in zip(subset, values))]
                assert 2 * sum(some) == len(some)


def test_labels_give_the_loss_of_the_written_tokens():
    """-100 and the shift: the loss of a batch is the mean over written tokens, each row computed alone."""
    examples = [([0, 1, 1], [0, 1, 0], [0]), ([1, 0], [], [1]), ([1], [1] * 9, [1])]
    ids, labels, kept = REF["sft_batch"](examples, 12, 2, 3, 4, 4)
    assert kept == [0, 1]
    model = Transformer(reasoning_models.CONFIG, 0)
    with torch.no_grad():
        loss = F.cross_entropy(model(ids[:, :-1])[0].flatten(0, 1), labels[:, 1:].flatten())
        total = count = 0
        for p, t, a in examples[:2]:
            row = torch.tensor([*p, 2, *t, 3, *a, 4])
            logp = model(row[None, :-1])[0][0].log_softmax(-1)
            for i in range(len(p), len(row)):
                total, count = total - logp[i - 1, row[i]], count + 1
    torch.testing.assert_close(loss, total / count)


# --- filter and price ------------------------------------------------------------------------------------------------

def test_wrong_among_the_kept():
    def wrong(c, g):
        return (1 - c) * g / (c + (1 - c) * g)
    assert round(100 * wrong(0.25, 0.5)) == 60 and round(100 * wrong(0.25, 1e-3), 1) == 0.3
    assert round(100 * wrong(0.4, 0.25)) == 27
    assert round(100 * wrong(0.2, 0.5)) == 67
    says("which makes 67 %", "that is 60 %", "it is 0.3 %", "= 27 %")


def test_bytes_and_seconds():
    """Claims S13.8 to S13.11: memory, bytes a token, seconds of a thought."""
    qwen, oss = REF["QWEN3_8B"], REF["GPT_OSS_120B"]
    embedding = 151_936 * 4096
    assert abs(embedding - qwen[1][0]) < 1e6 and round(sum(t for t, _, _ in qwen) / 1e9, 2) == 8.19
    expert = 2880 * 5760 + 2880 * 2880
    assert oss[0][:2] == (expert * 128 * 36, expert * 4 * 36)
    assert round(sum(t for t, _, _ in oss) / 1e9, 1) == 116.8 and round(sum(a for _, a, _ in oss) / 1e9, 2) == 5.13
    time = REF["answer_time"]
    card = dict(bandwidth=3.35e12, flops=5e14)
    small, large = (time(m, 1000, 4000, 200, **card) for m in (qwen, oss))
    assert round(small[0] / 1e9, 1) == 16.4 and round(large[0] / 1e9) == 65
    read = [sum(a * bits / 8 for _, a, bits in m) / 1e9 for m in (qwen, oss)]
    assert [round(r, 1) for r in read] == [15.1, 5.0]
    assert [round(r / 3.35, 1) for r in read] == [4.5, 1.5]  # ms a step
    assert round(small[1]) == 18 and round(large[1]) == 6
    four = [(t, a, 4.25) for t, a, _ in qwen]
    assert round(sum(a * bits / 8 for _, a, bits in four) / 1e9, 1) == 4.0
    assert 4 < time(four, 1, 0, 1, **card)[0] / 1e9 < 5  # "about 5 GB"
    assert 5 / (read[0] / 3350) > 1000 and 3300 < 5 / (read[1] / 3350) < 3400  # tokens of thought in 5 s
    experts = 60 * 384 * 3 * 7168 * 2048  # Kimi K2: INT4 with a scale of 16 bits for each 32; the rest in BF16
    attention = 61 * (7168 * 1536 + 1536 * 64 * 192 + 7168 * 576 + 512 * 64 * 256 + 64 * 128 * 7168)
    rest = attention + 60 * 7168 * (3 * 2048 + 384) + 3 * 7168 * 18432 + 2 * 163_840 * 7168
    assert 1.02e12 < experts + rest < 1.03e12 and round((experts * 4.5 / 8 + rest * 2) / 1e12, 1) == 0.6
    says("takes about 0.6 TB", "16.4 GB in BF16", "15.1 GB a token", "5.0 GB", "18 s and 6 s", "4.0 GB", "116.8 billion", "5.13 billion active")


def test_aime_table_and_differences():
    says("| DeepSeek-R1 (671B, 37B active) | 79.8 |", "| R1-Distill-Qwen-32B | 72.6 |", "| R1-Distill-Qwen-7B | 55.5 |",
         "| R1-Distill-Llama-8B | 50.4 |", "7 points below at 32B, 24 at 7B")
    assert round(79.8 - 72.6) == 7 and round(79.8 - 55.5) == 24


# --- students --------------------------------------------------------------------------------------------------------

def test_experiment_says_what_the_prediction_is():
    table = experiment(SECTION)["table"]
    assert set(table) == {"answer", "filler", "after", "every 2nd", "steps"}
    assert table["steps"] > 0.9 and max(v for k, v in table.items() if k != "steps") < 0.6


@pytest.mark.parametrize("kind, seed", [("steps", 1), ("every 2nd", 1)])
def test_experiment_over_seeds(kind, seed):
    share = reasoning_models.student(experiment_code(), kind, seed, 140)[-1]
    assert share > 0.9 if kind == "steps" else share < 0.75


@pytest.mark.parametrize("seed", [3])
def test_poor_start_needs_a_check_of_steps(seed):
    """What the text says of the student: the answers alone keep a poor start poor, steps do not."""
    school = reasoning_models.School(REF["sft_batch"], REF["scratchpad"], seed, 96)
    answer = school.teach(REF["self_train"], "answer", 1, 4)
    steps = school.teach(REF["self_train"], "steps", 1, 4)
    assert answer[0][1] < 0.3 and answer[-1][1] < 0.4 and answer[-1][2] > 0.6  # poor, still poor, most of the pool wrong
    assert steps[-1][1] > 0.9 and steps[-1][2] == 0
    c = answer[0][1]
    assert answer[-1][2] > (1 - c) * 0.5 / (c + (1 - c) * 0.5) - 0.1


def test_widget_s_chances():
    """Parity after n steps, each wrong with probability 1 - p: by the chain of two states."""
    for p in (0.5, 0.8, 0.95, 1.0):
        state = [Fraction(1), Fraction(0)]
        for n in range(1, 12):
            q = Fraction(p)
            state = [state[0] * q + state[1] * (1 - q), state[0] * (1 - q) + state[1] * q]
            trace, answer = reasoning_models.chances(p, n)
            assert abs(answer - float(state[0])) < 1e-12 and abs(trace - p ** n) < 1e-12
