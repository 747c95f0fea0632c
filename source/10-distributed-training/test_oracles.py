"""10-distributed-training: the reference against PyTorch, every number of the prose recomputed, real processes, the experiment."""

import os
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.optim.adam import _single_tensor_adam  # what torch.optim.AdamW runs

from course.models import processes as real
from course.models.ranks import together
from course.sections import distributed_training as shown
from tests.executed import experiment
from tests.reference import reference

SECTION = "10-distributed-training"
SOURCE = Path(__file__).with_name(f"{SECTION}.py").read_text(encoding="utf-8")
PROSE = " ".join(line[1:].strip() for line in SOURCE.splitlines() if line.startswith("#"))
REF = reference(SECTION)
torch.set_num_threads(1)


def random(*shape, seed=0, dtype=torch.float32):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def says(*texts):
    for text in texts:
        assert text in PROSE, f"the prose does not say {text!r}"


# --- libraries -------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("seed", range(3))
def test_seven_bits_are_bfloat16(seed):
    """On any bits at all, NaN and subnormal numbers included."""
    bits = np.random.default_rng(seed).integers(0, 2 ** 32, 100_000, dtype=np.uint32)
    want = torch.from_numpy(bits.view(np.float32).copy()).bfloat16().float().numpy()
    np.testing.assert_array_equal(REF["round_mantissa"](bits.view(np.float32), 7), want)


def test_stochastic_rounding_is_right_on_average():
    x = np.float32([1.002, -1.0005, 0.0123, 3e-39])
    noise = np.random.default_rng(0).integers(0, 1 << 16, (200_000, 4)).astype(np.uint32)
    got = REF["round_mantissa"](np.tile(x, (200_000, 1)), 7, noise).astype(np.float64)
    np.testing.assert_allclose(got.mean(0), x, rtol=5e-5)


class Descent:
    """Gradient descent with a rate of 1; torch.optim would import its compiler for it, which takes seconds."""

    def __init__(self, p):
        self.p, self.param_groups = p, [{"params": [p]}]

    def step(self):
        self.p.data -= self.p.grad


def test_loss_scale_is_the_grad_scaler():
    """Scales, counts and gradients of torch.amp.GradScaler over thirty steps with overflows among them."""
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0, growth_factor=1.5, backoff_factor=0.25, growth_interval=4)
    p = torch.nn.Parameter(torch.zeros(3))
    optimizer, state = Descent(p), (1024.0, 0)
    for step in range(30):
        g = random(3, seed=step)
        if step % 11 == 7:
            g[1] = [torch.inf, torch.nan, -torch.inf][step % 3]
        scaler.scale(torch.zeros(()))
        before = p.detach().clone()
        p.grad = g.clone()
        state, grads = REF["loss_scale_step"](state, [g], 4, 1.5, 0.25)
        scaler.step(optimizer)
        scaler.update()
        torch.testing.assert_close(before - p.detach(), torch.zeros(3) if grads is None else grads[0], rtol=1e-5, atol=1e-7)
        assert scaler.get_scale() == pytest.approx(state[0]) and scaler._get_growth_tracker() == state[1]
    defaults = torch.amp.GradScaler("cpu")
    assert (defaults.get_growth_factor(), defaults.get_backoff_factor(), defaults.get_growth_interval()) == (2.0, 0.5, 2000)


def test_clipping_is_pytorch_s():
    grads = [random(4, 5, seed=1), random(7, seed=2)]
    holders = [torch.nn.Parameter(torch.zeros_like(g)) for g in grads]
    for holder, g in zip(holders, grads):
        holder.grad = g / 3
    torch.nn.utils.clip_grad_norm_(holders, 0.7)
    _, got = REF["loss_scale_step"]((3.0, 0), grads, max_norm=0.7)
    for a, holder in zip(got, holders):
        torch.testing.assert_close(a, holder.grad, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_adamw_is_pytorch_s(dtype):
    p = torch.nn.Parameter(random(6, 4, dtype=dtype))
    moments = [torch.zeros(6, 4, dtype=dtype) for _ in range(2)]
    count, state = torch.zeros(()), (p.detach().clone(), *moments, 0)
    mine = [x.clone() for x in moments]
    for step in range(20):
        g, lr = random(6, 4, seed=step + 1, dtype=dtype), 0.1 / (step + 1)
        with torch.no_grad():
            _single_tensor_adam([p], [g], [mine[0]], [mine[1]], [], [count], amsgrad=False, beta1=0.8, beta2=0.95, lr=lr, weight_decay=0.2,
                                eps=1e-3, maximize=False, capturable=False, differentiable=False, grad_scale=None, found_inf=None,
                                has_complex=False, decoupled_weight_decay=True)
        state = REF["adamw_step"](state, g, lr, (0.8, 0.95), 1e-3, 0.2)
    assert not moments[0].any() and state[3] == count == 20
    torch.testing.assert_close(state[0], p.detach())


def test_parts_are_the_whole_batch():
    """Gradients of cross entropy by micro-batches, with masked labels, against the batch at once."""
    W, x = random(9, 5, dtype=torch.float64), random(40, 5, seed=1, dtype=torch.float64)
    labels = torch.randint(9, (40,), generator=torch.Generator().manual_seed(2))
    labels[3:9], labels[20:23] = -100, -100

    def part(rows):
        leaf = W.clone().requires_grad_()
        loss = torch.nn.functional.cross_entropy(x[rows] @ leaf.T, labels[rows], ignore_index=-100)
        return loss.item(), list(torch.autograd.grad(loss, leaf)), int((labels[rows] != -100).sum())
    parts = [part(slice(a, b)) for a, b in [(0, 5), (5, 9), (9, 33), (33, 40)]]
    assert parts[1][2] == 0 and np.isnan(parts[1][0])
    got, want = REF["combine_means"](parts), part(slice(0, 40))
    assert got[0] == pytest.approx(want[0]) and got[2] == want[2]
    torch.testing.assert_close(got[1][0], want[1][0])


def test_pipelines_by_formula():
    for stages, micros in [(4, 8), (3, 5), (6, 2)]:
        ours = [REF["pipeline_schedule"](s, stages, micros) for s in range(stages)]
        for orders in (ours, shown.gpipe(stages, micros)):
            whole = REF["pipeline_time"](orders)
            assert whole == 3 * (micros + stages - 1)
            assert 1 - 3 * micros / whole == pytest.approx((stages - 1) / (micros + stages - 1))
        for s, order in enumerate(ours):  # 1F1B keeps at most S - s micro-batches
            held = np.cumsum([1 if kind == "F" else -1 for kind, _ in order])
            assert held.max() == min(micros, stages - s)


# --- ranks: in one process and in real ones --------------------------------------------------------------------------

def test_together_sees_what_would_hang():
    with pytest.raises(AssertionError, match="hang"):
        together(lambda comm: comm.rank and comm.all_reduce(torch.ones(1)), [()] * 2)
    with pytest.raises(AssertionError, match="hang"):
        together(lambda comm: comm.all_gather(torch.ones(1)) if comm.rank else comm.all_reduce(torch.ones(1)), [()] * 2)
    with pytest.raises(ZeroDivisionError):
        together(lambda comm: 1 / comm.rank, [()] * 2)
    with pytest.raises(AssertionError, match="same shape"):
        together(lambda comm: comm.all_reduce(torch.ones(1 + comm.rank)), [()] * 2)


def several(comm, x, ring):
    """Everything that a rank can say, uneven pieces and sixteen bits among it."""
    return [ring(x, comm.rank, comm.size, comm.exchange), comm.all_reduce(x), comm.reduce_scatter(x),
            comm.all_gather(x[:3 + comm.rank]), comm.all_gather(x[:2].bfloat16()), comm.exchange(x[:comm.rank])]


def everything(comm, x, ring, zero1_step, mine):
    return several(comm, x, ring), shown.train(zero1_step, comm, mine)


def test_real_processes_do_what_one_does():
    """Two processes over gloo give what `together` gives, and train as one process trains, up to rounding."""
    data = shown.batches(2, 20)
    args = [(random(7, seed=r), REF["ring_allreduce"]) for r in range(2)]
    want, _ = together(several, args)
    got = real.processes(everything, [(*a, REF["zero1_step"], mine) for a, mine in zip(args, data)])
    for (mine, _), theirs in zip(got, want):
        for a, b in zip(mine, theirs):
            assert a.dtype == b.dtype
            torch.testing.assert_close(a, b, rtol=1e-6, atol=1e-6)
    one, losses, numbers = shown.train(REF["zero1_step"], shown.Alone(), [a + b for a, b in zip(*data)])
    (left, left_losses, a), (right, _, b) = (trained for _, trained in got)
    assert a + b == numbers == 3 * 193 and abs(a - b) <= 3
    assert all(torch.equal(x, y) for x, y in zip(left, right))
    assert max((x - y).abs().max() for x, y in zip(left, one)) < 1e-3 and left_losses == pytest.approx(losses, abs=1e-3)


def runs(pid):
    """Whether a process is there, and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_processes_that_hang_are_ended(monkeypatch, tmp_path):
    """After their seconds, those that they forked too."""
    monkeypatch.setattr(real, "LAUNCH", f"import os, time; os.fork(); open({str(tmp_path)!r} + f'/{{os.getpid()}}', 'w'); time.sleep(90)")
    begin = time.monotonic()
    with pytest.raises(TimeoutError, match="rank 0 left no answer within 5 s"):
        real.processes(max, [(), ()], seconds=5)
    pids = [int(path.name) for path in tmp_path.iterdir()]
    while any(map(runs, pids)) and time.monotonic() < begin + 60:
        time.sleep(0.05)
    assert len(pids) == 2 and not any(map(runs, pids))


def test_processes_end_when_whoever_started_them_is_gone():
    """A kernel that is killed cannot end them: they see the end of their pipe."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writing)
        os.dup2(reading, 0)
        threading.Thread(target=real._end_with_parent, daemon=True).start()
        time.sleep(60)
        os._exit(0)
    os.close(writing)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
    os.close(reading)


# --- numbers ---------------------------------------------------------------------------------------------------------

def test_formats():
    f16, bf16, f32 = (torch.finfo(t) for t in (torch.float16, torch.bfloat16, torch.float32))
    assert f16.max == 65504 and f"{f16.eps:.1e}" == "9.8e-04" and f"{bf16.eps:.1e}" == "7.8e-03" == f"{1 / 128:.1e}"
    assert f"{f32.eps:.1e}" == "1.2e-07" and f"{f32.max:.1e}" == "3.4e+38" == f"{bf16.max:.1e}"
    assert f"{2.0 ** -24:.1e}" == "6.0e-08" and f"{2.0 ** -149:.1e}" == "1.4e-45" and f"{2.0 ** -133:.1e}" == "9.2e-41"
    assert f"{2.0 ** -136:.1e}" == "1.1e-41" and f"{2.0 ** -126:.1e}" == "1.2e-38" and f"{2.0 ** -25:.1e}" == "3.0e-08"
    assert torch.tensor(2.0 ** -25).half() == 0 != torch.tensor(2.0 ** -25 * 1.01).half() and bf16.eps / f16.eps == 8
    assert [f"{shown.sums(t)[-1]:.3f}" for t in (torch.float32, torch.float16, torch.bfloat16)] == ["2.000", "1.977", "1.000"]
    ends = [shown.walk(REF["round_mantissa"], seed)[-1] for seed in range(4)]
    assert shown.walk(REF["round_mantissa"], None)[-1] == 1.0 and all(1.8 < x < 2.2 for x in ends)
    says("FP16 to 1.977, BF16 never moves", "65,504", "6.0 · 10⁻⁸", "below 3 · 10⁻⁸ FP16 rounds to 0")


def test_gradients_vanish():
    g = shown.simulated_gradients()
    shares = [f"{100 * shown.zeros(g, torch.float16):.1f} %", f"{100 * shown.zeros(g, torch.float16, 2 ** 12):.2f} %"]
    assert shares == ["34.4 %", "0.08 %"] and shown.zeros(g, torch.bfloat16) == 0
    says(*shares)


def test_bytes_of_the_prose():
    assert 4 + 4 + 8 == 16 == 2 + 2 + 4 + 8 and 2 + 4 + 4 + 8 == 18 and 312 / 156 == 2 and 312 / 19.5 == 16
    assert 300 ** 2 == 90_000 > 65504 and 1e-5 ** 2 < 2.0 ** -25


def test_zero_table():
    memory, P = REF["zero_memory"], 70 * 10 ** 9
    rows = {n: [memory(64 * 10 ** 6, n, stage) / (64 * 10 ** 6) for stage in (1, 2, 3)] for n in (4, 64)}
    assert rows[4] == [7, 5.5, 4] and [f"{16 / x:.2f}" for x in rows[4]] == ["2.29", "2.91", "4.00"]
    assert [f"{x:.2f}" for x in rows[64]] == ["4.19", "2.22", "0.25"] and [f"{16 / x:.2f}" for x in rows[64]] == ["3.82", "7.21", "64.00"]
    says("7 (2.29 times less) | 4.19 (3.82)", "5.5 (2.91) | 2.22 (7.21)", "4 (4.00) | 0.25 (64)")
    assert memory(7 * 10 ** 9, 4, 1) == 49 * 10 ** 9
    assert [memory(P, n, 3) / 1e9 for n in (8, 16, 32)] == [140, 70, 35] and memory(P, 10 ** 6, 2) > 140e9
    says("49 GB", "would need 140 GB, on 16 70 GB", "32 is realistic (35 GB)")


def test_zero_traffic_of_the_prose():
    traffic, u = REF["zero_traffic"], 63 / 64
    assert [traffic(1, 64, stage) / u for stage in range(4)] == pytest.approx([2, 2, 2, 3])
    assert traffic(1, 64, 2, 8) / u == pytest.approx(9) and traffic(1, 64, 3, 8) / u == pytest.approx(24)
    says("at M = 8 stage 2 sends 9u, and stage 3 sends 24u, against 2u")


def test_3d_numbers():
    P = 70e9
    assert f"{P / 32 / 1e9:.2f}" == "2.19" and round(P / 32 * 16 / 1e9) == 35 and f"{REF['zero_memory'](round(P / 32), 2, 1) / 1e9:.1f}" == "21.9"
    sent = 2 * REF["zero_traffic"](70 * 10 ** 9, 64, 3)
    assert round(sent / 1e9) == 413 and f"{sent / 50e9:.1f}" == "8.3"
    message = 4096 * 8192 * 2
    assert round(message / 1e6) == 67 and f"{20 * 4 * message * 2 * 7 / 8 / 1e9:.1f}" == "9.4"
    assert f"{2 * REF['zero_traffic'](round(P / 32), 2, 1) / 1e9:.1f}" == "4.4"
    assert [round(100 * 3 / (m + 3)) for m in (16, 32)] == [16, 9] and round(100 * 3 / 11) == 27
    assert 12 * P / 1e9 == 840 and 840 / 10 == 84 and 16 * P / 1e9 == 1120 and round(REF["zero_memory"](70 * 10 ** 9, 64, 1) / 1e9) == 293
    assert f"{6 * P * 24_000 / (64 * 312e12):.2f}" == "0.50"
    assert [f"{6 * P * tokens / 156e12:.1f}" for tokens in (4096, 1024)] == ["11.0", "2.8"]
    layer = 34 * 4096 * 8192
    assert f"{layer / 1e9:.2f}" == "1.14" and round(80 * layer / 1e9) == 91 and f"{(80 * message + layer) / 1e9:.1f}" == "6.5"
    assert f"{20 * layer / 8 * 4 / 1e9:.1f}" == "11.4"
    k = np.arange(1, 65)
    assert (64 / k + k).argmin() == 7 and 64 / 8 + 8 == 16 and round(100 / 3) == 33
    says("21.9 GB", "413 GB", "take 8.3 s", "67 MB: 9.4 GB", "DP: 4.4 GB", "16 % at M = 16, 9 % at M = 32", "3/11 = 27 %", "840 GB for 70B",
         "11 s at half its peak", "1,024 tokens (2.8 s)", "= 1.14 GB", "= 91 GB; checkpointed 6.5 GB", "= 11.4 GB",
         "= 50 %", "16 instead of 64", "33 % more time", "293 GB")


def test_examples_of_hints_and_statements():
    assert f"{0.5 / 0.1:g}" == "5" and 0.025 / 0.001 == pytest.approx(25)
    torch.testing.assert_close(REF["mlp_part"](torch.tensor([1.0]), torch.tensor([[1.0], [2.0]]), torch.tensor([[3.0]])), torch.tensor([4.386]),
                               rtol=1e-3, atol=1e-3)
    assert REF["zero_memory"](10, 4, 2) == 62 and REF["zero_traffic"](10, 4, 2, 5) == 45
    orders = [" ".join(f"{kind}{i}" for kind, i in REF["pipeline_schedule"](s, 3, 4)) for s in range(3)]
    says(orders[2], orders[1], orders[0])
    assert f"{45 ** 0.5:.2f}" == "6.71"


# --- the experiment, pictures, the widget ----------------------------------------------------------------------------

@pytest.fixture(scope="module")
def ran():
    return experiment(SECTION)


def test_experiment_shows_the_claim(ran):
    """The order over six seeds; the loss scale brings FP16 to where BF16 is; stochastic rounding ends some ten times above."""
    truth = REF["prediction"]
    tables = [ran["table"]] + [{way: shown.regression(ran["update"], way, seed)[-1] for way in shown.WAYS} for seed in range(1, 6)]
    for table in tables:
        assert sorted(truth, key=table.__getitem__) == truth
        assert all(table[b] > 3 * table[a] for a, b in zip(truth, truth[1:]))
        assert table["FP16 gradients, loss scale 2¹²"] < 2 * table[truth[0]] and 5 < table[truth[1]] / table[truth[0]] < 20


@pytest.mark.parametrize("error", [TimeoutError("rank 1 left no answer"), TypeError("cannot pickle 'generator' object")])
def test_processes_that_fail_leave_a_sentence(monkeypatch, capsys, error):
    def fail(program, args, **_):
        raise error
    monkeypatch.setattr(shown, "processes", fail)
    assert shown.two_processes(REF["ring_allreduce"]) is None and shown.two_trainers(REF["zero1_step"], steps=1) is None
    assert capsys.readouterr().out.count(f"gave no answer: {error}") == 2


def test_means_of_means_end_elsewhere():
    (mine, best), (theirs, _) = shown.descend(REF["combine_means"]), shown.descend(shown.mean_of_means)
    assert mine[-1] < 1.02 * best and theirs[-1] > 1.3 * best


def test_the_widget_draws():
    controls, (image, words) = (box.children for box in shown.widget(REF["zero_memory"]).children)
    before = bytes(image.value)
    assert before[:4] == b"\x89PNG" and "21.9 GB" in words.value and "64 GPUs" in words.value and "16 %" in words.value
    controls[1].value = 3
    assert bytes(image.value) != before
