"""12-serving: the reference against other ways and libraries, every number of the prose recomputed, the experiment over seeds."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from course.models.sizes import GPUS, MODELS
from course.models.transformer import Config, Transformer
from course.sections import serving
from tests.executed import experiment
from tests.reference import cells, reference

SECTION = "12-serving"
SOURCE = Path(__file__).with_name(f"{SECTION}.py").read_text(encoding="utf-8")
PROSE = " ".join(line[1:].strip() for line in SOURCE.splitlines() if line.startswith("#"))
REF = reference(SECTION)
LLAMA, H100, A100 = MODELS["Llama-3-8B"], GPUS["H100 80 GB"], GPUS["A100 80 GB"]
H100_FLOPS, A100_FLOPS = 989e12, 312e12  # dense BF16, of NVIDIA's datasheets
torch.set_num_threads(1)


def said(*texts):
    "The prose states this, as it stands or across a line's end."
    for text in texts:
        assert text in PROSE, text


# --- the simulation ---------------------------------------------------------------------------------------------------

requests = st.lists(st.tuples(st.integers(1, 12), st.integers(0, 30)), max_size=14)


@settings(max_examples=120, deadline=None)
@given(requests, st.integers(1, 5))
def test_continuous_is_no_slower_in_the_end_and_conserves_work(drawn, slots):
    """Work-conserving, never idle while somebody waits; of equal lengths and arrivals static is as good."""
    lengths, arrivals = [n for n, _ in drawn], [a for _, a in drawn]
    makespan, latency = REF["simulate_continuous"](lengths, slots, arrivals)
    starts = [a + x - n for (n, a), x in zip(drawn, latency)]
    assert all(s >= a for s, a in zip(starts, arrivals))
    for t in range(makespan):
        running = sum(s <= t < s + n for s, n in zip(starts, lengths))
        waiting = sum(a <= t < s for s, a in zip(starts, arrivals))
        assert running <= slots and (running == slots or not waiting)
    same = REF["simulate_static"]([7] * len(drawn), slots), REF["simulate_continuous"]([7] * len(drawn), slots)
    assert same[0] == same[1]


def test_continuous_is_no_later_than_static_when_all_are_there():
    rng = np.random.default_rng(0)
    for _ in range(60):
        lengths, slots = rng.integers(1, 40, rng.integers(1, 50)).tolist(), int(rng.integers(1, 9))
        static, continuous = REF["simulate_static"](lengths, slots), REF["simulate_continuous"](lengths, slots)
        assert continuous[0] <= static[0] and all(a <= b for a, b in zip(continuous[1], static[1]))


def test_gain_by_spread():
    """What the card and claims.md say of 32 slots; the picture prints the same run."""
    rng, gain = np.random.default_rng(0), {}
    for spread in serving.SPREADS:
        lengths = serving.lengths_of(spread, 2048, rng)
        gain[spread] = REF["simulate_static"](lengths, 32)[0] / REF["simulate_continuous"](lengths, 32)[0]
    assert {k: round(v, 1) for k, v in gain.items()} == {"constant": 1.0, "uniform": 1.9, "exponential": 3.8, "lognormal": 5.7}
    for seed in range(1, 9):  # over other draws the order stays, and so do the card's words
        rng = np.random.default_rng(seed)
        gain = [REF["simulate_static"](x, 32)[0] / REF["simulate_continuous"](x, 32)[0]
                for x in (serving.lengths_of(spread, 2048, rng) for spread in serving.SPREADS)]
        assert gain == sorted(gain) and gain[0] == 1 and 1.8 < gain[1] < 2 and gain[2] > 3
    said("1.0 for equal lengths, about 1.9 for uniform ones, 3 and more")


# --- metrics ----------------------------------------------------------------------------------------------------------

def test_goodput_picture():
    """Beyond 80 slots no TPOT is within 0.1 s; with few the queue grows; the throughput stays within a tenth from 32 on."""
    rng = np.random.default_rng(1)
    n = 3000
    lengths, seconds = serving.lengths_of("uniform", n, rng), np.cumsum(rng.exponential(1 / 6, n))
    found = {}
    for slots in (8, 32, 64, 128, 256):
        step = 0.02 + 0.001 * slots
        arrivals = np.ceil(seconds / step).astype(int)
        _, latency = REF["simulate_continuous"](lengths, slots, arrivals.tolist())
        end = (arrivals + latency) * step
        found[slots] = REF["latency_metrics"](seconds, end - (np.array(lengths) - 1) * step, end, lengths, (2.0, 0.1))
    assert found[64]["goodput"] > 5 and max(found[8]["goodput"], found[128]["goodput"]) < 0.1
    assert min(found[s]["throughput"] for s in (32, 64, 128, 256)) > 0.9 * found[32]["throughput"]


def test_float32_clock():
    """Hint 3: float32 knows times around 1.7e9 to 128 seconds."""
    assert np.spacing(np.float32(1.7e9)) == 128
    said("float32 knows times around 1.7e9 to 128 seconds")


# --- blocks -----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("seed", range(8))
def test_paged_gather_brings_back_what_was_written(seed):
    g, size = torch.Generator().manual_seed(seed), 1 + seed
    lengths = torch.randint(1, 40, (5,), generator=g)
    texts = [torch.randn(int(n), 2, 3, generator=g) for n in lengths]
    N = sum(-(-int(n) // size) for n in lengths)
    free, cache = torch.randperm(N, generator=g).tolist(), torch.full((N, size, 2, 3), torch.nan)
    tables = torch.full((5, 41), -1)
    for b, text in enumerate(texts):
        for i, part in enumerate(text.split(size)):
            tables[b, i] = block = free.pop()
            cache[block, :len(part)] = part
    keys, mask = REF["paged_gather"](cache, tables, lengths)
    assert torch.equal(keys, torch.nn.utils.rnn.pad_sequence(texts, batch_first=True))
    assert mask.sum(1).tolist() == lengths.tolist()


class Memory(RuleBasedStateMachine):
    """Random traffic on the allocator: every sequence reads its own tokens; no leak, no double owner, little waste."""

    def __init__(self):
        super().__init__()
        self.a, self.memory, self.texts, self.stamp = REF["BlockAllocator"](9, 3), {}, {}, 0

    def write(self, seq, block, offset):
        self.stamp += 1
        self.memory[block, offset] = self.stamp
        self.texts[seq].append(self.stamp)

    @rule(n=st.integers(0, 10))
    def alloc(self, n):
        self.stamp += 1
        name = self.stamp
        try:
            self.a.alloc(name, n)
        except RuntimeError:
            assert -(-n // 3) > self.a.free_blocks()
            return
        self.texts[name] = []
        for t in range(n):
            self.write(name, self.a.table(name)[t // 3], t % 3)

    @precondition(lambda self: self.texts)
    @rule(data=st.data())
    def append(self, data):
        seq = data.draw(st.sampled_from(sorted(self.texts)))
        try:
            block, offset, old = self.a.append(seq)
        except RuntimeError:
            assert self.a.free_blocks() == 0
            return
        if old is not None:
            self.memory |= {(block, i): self.memory[old, i] for i in range(3) if (old, i) in self.memory}
        self.write(seq, block, offset)

    @precondition(lambda self: self.texts)
    @rule(data=st.data())
    def fork(self, data):
        parent = data.draw(st.sampled_from(sorted(self.texts)))
        n = data.draw(st.none() | st.integers(0, len(self.texts[parent])))
        self.stamp += 1
        self.a.fork(parent, self.stamp, n)
        self.texts[self.stamp] = self.texts[parent][:n]

    @precondition(lambda self: self.texts)
    @rule(data=st.data())
    def free(self, data):
        seq = data.draw(st.sampled_from(sorted(self.texts)))
        self.a.free(seq)
        del self.texts[seq]

    @invariant()
    def reads_its_own(self):
        held = set()
        for seq, text in self.texts.items():
            table = self.a.table(seq)
            held |= set(table)
            assert len(table) * 3 - len(text) in (0, 1, 2)
            assert [self.memory[table[t // 3], t % 3] for t in range(len(text))] == text
        assert self.a.free_blocks() == 9 - len(held)


TestMemory = Memory.TestCase
TestMemory.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(st.integers(0, 1), max_size=12), max_size=12), st.integers(1, 4), st.none() | st.integers(0, 8))
def test_prefix_hits_by_whole_prefixes(prompts, block, capacity):
    cache, want = [], []
    for tokens in prompts:
        keys = [tuple(tokens[:n]) for n in range(block, len(tokens) + 1, block)]
        n = 0
        while n < len(keys) and keys[n] in cache and (n + 1) * block < len(tokens):
            n += 1
        want.append(n * block)
        cache = [k for k in cache if k not in keys] + keys[::-1]
        cache = cache if capacity is None else cache[len(cache) - min(capacity, len(cache)):]
        assert all(k[:-block] in cache for k in cache if len(k) > block)  # no block without its parent
    assert REF["prefix_cache_hits"](prompts, block, capacity) == want


# --- the engine -------------------------------------------------------------------------------------------------------

traffic = st.lists(st.tuples(st.integers(0, 9), st.lists(st.integers(0, 2), min_size=1, max_size=10), st.integers(1, 8)),
                   min_size=1, max_size=9)


@settings(max_examples=150, deadline=None)
@given(traffic, st.integers(1, 4), st.integers(1, 5), st.integers(18, 40), st.none() | st.integers(0, 96))
def test_engine_under_random_traffic(drawn, size, slots, tokens, eos):
    """Each gets what it would get alone, first come first served; rows, blocks and copies stay within what there is."""
    num_blocks, calls = -(-tokens // size), []
    toy = REF["toy_model"](size)

    def model(rows, copies):
        assert 0 < len(rows) <= slots and all(ids for ids, _, _ in rows)
        blocks = {b for _, table, _ in rows for b in table}
        assert len(blocks) <= num_blocks
        written = [(table[i // size], i % size) for ids, table, past in rows for i in range(past, past + len(ids))]
        assert len(written) == len(set(written))
        read = {(table[i // size], i % size) for _, table, past in rows for i in range(past)}
        assert not read & set(written)
        calls.append(len(rows))
        return toy(rows, copies)

    arrivals = sorted(drawn, key=lambda r: r[0])
    engine = REF["Engine"](model, num_blocks, size, slots, eos)
    texts, when = REF["serve"](engine, arrivals)
    assert texts == [REF["alone"](p, n, eos) for _, p, n in arrivals]
    firsts = [steps[0] for steps in when]
    assert firsts == sorted(firsts)
    assert sum(calls) == sum(map(len, texts))
    held = {b for name in engine.cached for b in engine.blocks.table(name)}
    assert engine.blocks.free_blocks() == num_blocks - len(held)


def test_tests_of_the_engine_preempt_and_evict():
    """The hidden traffic really runs out of memory: requests give way, ended sequences are freed."""
    events = {"preempted": 0, "freed": 0}

    class Watched(REF["Engine"]):
        def forget(self, name):
            events["preempted" if name in self.running else "freed"] += 1
            return super().forget(name)

    rng = np.random.default_rng(14)
    for num_blocks, size, slots, n in [(5, 4, 4, 6), (9, 2, 5, 8), (20, 1, 6, 7), (7, 3, 8, 8), (4, 16, 3, 6)]:
        arrivals, t, room = [], 0, num_blocks * size
        for _ in range(n):
            t += int(rng.integers(0, 3))
            prompt = rng.integers(0, 3, rng.integers(1, room // 2)).tolist()
            arrivals.append((t, prompt, int(rng.integers(1, min(room - len(prompt) + 2, 12)))))
        REF["serve"](Watched(REF["toy_model"](size), num_blocks, size, slots), arrivals)
    assert events["preempted"] >= 10 and events["freed"] >= 10


def test_engine_drives_a_transformer():
    """The paged memory of the real cells, on a small random model: token for token what the model writes alone."""
    model = Transformer(Config(vocab=61, layers=2, width=48, heads=6, kv_heads=2, head_dim=12), 3)
    g = torch.Generator().manual_seed(0)
    prompts = [torch.randint(61, (int(n),), generator=g).tolist() for n in (3, 9, 1, 6, 4)]
    prompts.append(prompts[1] + [5])
    want = []
    with torch.no_grad():
        for prompt in prompts:
            ids = torch.tensor([prompt])
            for _ in range(7):
                ids = torch.cat([ids, model(ids)[0][:, -1].argmax(-1, keepdim=True)], 1)
            want.append(ids[0, len(prompt):].tolist())
    for blocks, slots in [(40, 6), (12, 3), (5, 2)]:
        paged = serving.paged(model, blocks, 4, REF["paged_gather"])
        got, _ = REF["serve"](REF["Engine"](paged, blocks, 4, slots), [(i // 2, p, 7) for i, p in enumerate(prompts)])
        assert got == want


# --- numbers of the prose ---------------------------------------------------------------------------------------------

def test_numbers_of_the_prose():
    def crossover(flops, bandwidth, size=2):
        return flops * size / (2 * bandwidth)

    assert round(crossover(A100_FLOPS, A100.bandwidth)) == 156 and round(crossover(H100_FLOPS, H100.bandwidth)) == 295
    said("156 on an A100 in BF16", "295 on an H100")
    for batch, regime in [(155, "memory"), (157, "compute")]:
        assert REF["roofline_decode"](batch, 8e9, 2, 0, A100.bandwidth, A100_FLOPS)[1] == regime
    per_token = LLAMA.cache_bytes(1)
    assert per_token == 131_072
    tokens = 2 * LLAMA.params / H100_FLOPS * H100.bandwidth / per_token  # of cache that take as long to read as to compute
    assert round(tokens) == 415
    said("reading 415 tokens of cache takes as long as computing with all weights once")
    assert 1000 * 300 / 2500 == 120 and REF["capacity"](1000, 0, 300, 1e9, 2500, 0, 1) == 120
    assert 1000 * 8 == 8000
    said("300,000 tokens a second", "120 GPUs", "8,000 requests at once")
    assert round(0.95 / 0.70, 2) == 1.36
    assert 0.02 + 0.001 * 80 == pytest.approx(0.1)
    said("1.36-fold", "Beyond 80 slots a step takes more than 0.1 s")


def test_numbers_of_prefill():
    """Chunked prefill and disaggregation: Llama-3-8B on an H100, at the roofline; 50 GB/s is a link of 400 Gbit/s."""
    assert round(LLAMA.weight_bytes() / H100.bandwidth * 1e3, 1) == 4.8
    assert round(2 * LLAMA.params * 8000 / H100_FLOPS * 1e3) == 130
    assert round(2 * LLAMA.params * 512 / H100_FLOPS * 1e3, 1) == 8.3
    cache = LLAMA.cache_bytes(8000)
    assert round(cache / 1e9, 2) == 1.05 and round(cache / 50e9 * 1e3) == 21
    assert round(130 / 299, 1) == 0.4  # one stall, spread over the gaps of 300 tokens
    said("one stall of 130 ms adds 0.4 ms to the TPOT of 300 tokens")
    said("16.1 GB, 4.8 ms", "computes for 130 ms at best", "computes for 8.3 ms", "1.05 GB, 21 ms at 50 GB/s")


def test_numbers_of_the_written_question():
    free = 0.9 * H100.memory - LLAMA.weight_bytes()
    request = LLAMA.cache_bytes(1800)
    assert round(LLAMA.weight_bytes() / 1e9, 2) == 16.06 and round(free / 1e9, 1) == 55.9
    assert round(request / 1e6) == 236 and int(free / request) == 237 and 1800 / 800 == 2.25
    caches = 200 * LLAMA.cache_bytes(1650)
    rate, regime = REF["roofline_decode"](200, LLAMA.params, 2, LLAMA.cache_bytes(1650), H100.bandwidth, H100_FLOPS)
    total = LLAMA.weight_bytes() + caches
    assert regime == "memory" and round(caches / 1e9, 1) == 43.3 and round(total / 1e9, 1) == 59.3
    assert round(total / H100.bandwidth * 1e3, 1) == 17.7 and round(rate, -2) == 11_300
    assert round(2 * LLAMA.params * 200 / 1e12, 1) == 3.2 and round(2 * LLAMA.params * 200 / H100_FLOPS * 1e3, 1) == 3.2
    decode, prefill = rate / 2, 0.5 * H100_FLOPS / (2 * LLAMA.params)
    assert round(decode, -1) == 5650 and round(prefill, -2) == 30_800
    assert [round(x, 1) for x in (1.5e6 / prefill, 5e5 / prefill, 3e5 / decode)] == [48.7, 16.2, 53.1]
    seconds = 300 * 200 / decode
    assert round(200 / decode * 1e3) == 35 and round(seconds, 1) == 10.6 and round(1000 * seconds, -2) == 10_600
    assert int(1000 * seconds / 200) == 53
    gpus = [REF["capacity"](1000, 1500, 300, prefill, decode, seconds, 200, h, hit) for h in (0, 0.3) for hit in (0, 2 / 3)]
    assert gpus == [102, 70, 146, 100]
    work = 1000 * (500 / prefill + 300 / decode)
    assert round(work, 1) == 69.4
    assert round(0.75 * LLAMA.weight_bytes() / 1e9) == 12 and 12 / 59.3 < 0.21 and round(caches / 2e9, 1) == 21.6
    for text in ("237", "17.7 ms", "11,300", "30,800", "48.7 + 53.1", "16.2 + 53.1", "146", "10,600"):
        said(text)


def test_examples_in_the_docstrings():
    assert REF["simulate_static"]([3, 1, 1], 2) == (4, [3, 3, 4]) and REF["simulate_continuous"]([3, 1, 1], 2) == (3, [3, 1, 2])
    assert REF["simulate_continuous"]([3, 1, 1], 2, [5, 0, 0])[1][0] == REF["simulate_static"]([3, 1, 1], 2, [5, 0, 0])[1][0] == 3
    assert REF["prefix_cache_hits"]([[1, 2, 3], [1, 2, 4, 5, 6], [1, 2, 4, 5], [9, 9, 4, 5, 6]], 2) == [0, 2, 2, 0]
    assert REF["capacity"](8, 100, 50, 1000, 200, 2, 4) == 4 and REF["capacity"](8, 100, 50, 1000, 200, 2, 4, 0.2) == 5
    a = REF["BlockAllocator"](4, 2)
    a.alloc("x", 3)
    a.fork("x", "y")
    shared = a.table("x")[-1]
    assert a.append("y")[1:] == (1, shared) and a.append("x") == (shared, 1, None) and a.append("x")[1:] == (0, None)
    with pytest.raises(RuntimeError):
        a.append("y")
    a.free("x")
    assert a.free_blocks() == 2


# --- the experiment ---------------------------------------------------------------------------------------------------

def waits(load, seed):
    "The cell's own function, with the reference."
    namespace = dict(REF)
    [cell] = cells(SECTION, "experiment")
    exec(cell.split("table =")[0], namespace)
    return namespace["waits"](load, seed)


def test_experiment_over_seeds():
    """The predicted bucket in every run, of twelve seeds; utilisation grows as the load does."""
    for seed in range(12):
        (low, use_low), (high, use_high) = waits(0.70, seed), waits(0.95, seed)
        assert np.percentile(high, 99) / np.percentile(low, 99) > 3
        assert use_high / use_low == pytest.approx(0.95 / 0.70, rel=0.02)


def test_waiting_is_erlangs():
    """The share of requests that wait, against Erlang's C formula for 16 servers."""
    for load in (0.5, 0.7, 0.8):
        blocked = 1.0
        for k in range(1, 17):
            blocked = 16 * load * blocked / (k + 16 * load * blocked)
        want = blocked / (1 - load * (1 - blocked))
        got = np.mean([np.mean(waits(load, seed)[0] > 0) for seed in range(4)])
        assert got == pytest.approx(want, abs=0.03)


def test_burstier_traffic_waits_longer():
    """The same load, requests in fours: the wait is longer."""
    for seed in range(3):
        rng, n = np.random.default_rng(seed), 20_000
        lengths, waited = rng.geometric(1 / 50, n), []
        for group in (1, 4):
            arrivals = np.repeat(np.cumsum(rng.exponential(50 * group / (16 * 0.8), n // group)).astype(int), group)
            waited.append((np.array(REF["simulate_continuous"](lengths.tolist(), 16, arrivals.tolist())[1]) - lengths).mean())
        assert waited[1] > 1.5 * waited[0]


def test_experiment_as_run():
    table = experiment(SECTION)["table"]
    assert min(table["ratios"]) > 3 and table["p99"] == sorted(table["p99"])
    assert table["use"] == pytest.approx(serving.LOADS, rel=0.03)
