# %% [markdown]
# # 12 · Serving: batching, paging, an engine
#
# **After this notebook you can answer, with numbers:**
#
# - What is continuous batching, when does it pay, and when does it pay nothing?
# - Where does a server keep keys and values of requests that grow and end as they like? What are blocks, block tables,
#   reference counts, copy-on-write, prefix caching?
# - What are TTFT, TPOT and goodput, and which signal should start another GPU?
# - How many GPUs do 1,000 queries a second need? What does an engine do when memory runs out?
#
# You build seven exercises. The last is an engine in some fifty lines: a queue, continuous batching, your block
# allocator, shared beginnings, tokens streamed out as they come. First it serves a toy model whose memory you can look
# into, then SmolLM2. It takes about three and a half hours; the end of part 3 is a good place to stop. It builds on
# what a KV cache is (section 14; here only that each token leaves keys and values which later tokens read), and needs
# no code of another section.

# %% [markdown] house_rules

# %% [markdown]
# **Letters** used everywhere: B batch, S tokens of a sequence, H heads, E head size, N blocks in memory. **Units:** 1
# GB is 10⁹ bytes, 1 TB/s is 10¹² bytes a second, 1 TFLOP/s is 10¹² floating-point operations a second. A *step* is
# one pass of the model, in which each request of the batch gets one token. QPS is queries per second. Indices begin
# with 0.

# %% setup
import heapq
import math
from collections import Counter, deque

import numpy as np
import torch
from jaxtyping import Bool, Int
from torch import Tensor

from course.check import check, committed, expect, fresh, predicted, raises, unchanged
from course.duel import advise, duel


def common_prefix(a: list[int], b: list[int]) -> int:
    """How many tokens two sequences have in common at their beginning."""
    n = 0
    for x, y in zip(a, b):
        if x != y:
            break
        n += 1
    return n


def next_token(text: list[int], vocab: int = 97) -> int:
    """What the toy model says after a text; every token of it, and its order, matters."""
    h = 7
    for token in text:
        h = (h * 31 + token + 1) % 10007
    return h % vocab


def alone(prompt: list[int], max_new: int, eos: int | None = None) -> list[int]:
    """What one request gets from the toy model when nobody else is there."""
    made = []
    while len(made) < max_new and (not made or made[-1] != eos):
        made.append(next_token(prompt + made))
    return made


def toy_model(block_size: int, log: list | None = None):
    """A model with a paged memory, (rows, copies) -> one token for each row.

    A row is (ids, table, past): new tokens, the block table of their sequence, how many tokens
    stand in its blocks already. First whole blocks are copied, (from, to), in order; then the
    rows are read, then written. What was never written, or overwritten by another, is read as it
    lies there, so a wrong table gives wrong tokens. `log` notes the rows of each call.
    """
    memory: dict[int, dict[int, int]] = {}

    def model(rows, copies=()):
        for old, new in copies:
            memory[new] = dict(memory.get(old, {}))
        before = [[memory.get(table[i // block_size], {}).get(i % block_size, -1)
                   for i in range(past)] for _, table, past in rows]
        for ids, table, past in rows:
            for i, token in enumerate(ids, past):
                memory.setdefault(table[i // block_size], {})[i % block_size] = token
        if log is not None:
            log.append([(list(ids), list(table), past) for ids, table, past in rows])
        return [next_token(text + list(ids)) for text, (ids, _, _) in zip(before, rows)]
    return model


def serve(engine, arrivals: list[tuple[int, list[int], int]]):
    """Runs an engine on (step, prompt, max_new) of each request.

    Gives the tokens of each, and the steps in which they came.
    """
    todo, names, texts, when, step = deque(arrivals), [], {}, {}, 0
    while todo or engine.busy():
        while todo and todo[0][0] <= step:
            _, prompt, max_new = todo.popleft()
            names.append(engine.submit(list(prompt), max_new))
            assert names[-1] not in texts, f"two requests got the name {names[-1]!r}"
            texts[names[-1]], when[names[-1]] = [], []
        for name, token in engine.step():
            assert name in texts, f"a token came for {name!r}, which was never submitted"
            texts[name].append(token)
            when[name].append(step)
        step += 1
        assert step < 500, f"after 500 steps some of {len(arrivals)} requests are not done"
    return [texts[n] for n in names], [when[n] for n in names]

# %% tags=["picture"]
from course.sections import serving

# %% helper
### BEGIN HIDDEN TESTS
def whole(values, on):
    "Whole numbers are ints, Python's or numpy's."
    for x in values:
        assert isinstance(x, (int, np.integer)) and not isinstance(x, bool), f"{on}: an int is asked for, got {x!r}"


def slow_finish(lengths, slots, arrivals, continuous):
    "An oracle step by step: the finishing time of each request."
    order = sorted(range(len(lengths)), key=lambda i: (arrivals[i], i))
    left, finish, t, batch = {}, {}, 0, []
    while len(finish) < len(lengths):
        if continuous or not left:
            while order and arrivals[order[0]] <= t and len(left) < slots:
                i = order.pop(0)
                left[i] = lengths[i]
                batch.append(i)
        t += 1
        for i in list(left):
            left[i] -= 1
            if left[i] == 0:
                del left[i]
                if continuous:
                    finish[i] = t
        if not continuous and not left:
            finish |= dict.fromkeys(batch, t)
            batch = []
    return [finish[i] for i in range(len(lengths))]


def simulated(lengths, slots, arrivals, continuous):
    "What the simulation should return."
    arrivals = arrivals or [0] * len(lengths)
    finish = slow_finish(lengths, slots, arrivals, continuous)
    return max(finish, default=0), [f - a for f, a in zip(finish, arrivals)]


def plain_percentile(values, q):
    "The linear percentile of the numbers that are no NaN, by hand."
    x = sorted(v for v in values if not math.isnan(v))
    if not x:
        return math.nan
    at = q / 100 * (len(x) - 1)
    low = math.floor(at)
    return x[low] + (at - low) * (x[min(low + 1, len(x) - 1)] - x[low])


def plain_metrics(arrival, first, end, ntok, limits):
    "latency_metrics with loops."
    ttft = [f - a for a, f in zip(arrival, first)]
    tpot = [(e - f) / (n - 1) if n > 1 else math.nan for f, e, n in zip(first, end, ntok)]
    span = max(end) - min(arrival)
    good = sum(a <= limits[0] and (math.isnan(b) or b <= limits[1]) for a, b in zip(ttft, tpot))
    return {"ttft_p50": plain_percentile(ttft, 50), "ttft_p99": plain_percentile(ttft, 99),
            "tpot_p50": plain_percentile(tpot, 50), "tpot_p99": plain_percentile(tpot, 99),
            "throughput": sum(ntok) / span, "goodput": good / span}


class Blocks:
    "The oracle of BlockAllocator: every block an object, its number of owners looked up, not counted."
    def __init__(self, num_blocks, block_size):
        self.total, self.size, self.seqs = num_blocks, block_size, {}

    def used(self):
        return len({id(b) for blocks, _ in self.seqs.values() for b in blocks})

    def owners(self, block):
        return sum(any(b is block for b in blocks) for blocks, _ in self.seqs.values())

    def need(self, seq):
        "(takes a block, copies one) when seq gets one more token."
        blocks, n = self.seqs[seq]
        if n % self.size == 0:
            return True, False
        shared = self.owners(blocks[-1]) > 1
        return shared, shared

    def append(self, seq):
        blocks, n = self.seqs[seq]
        if self.need(seq)[0]:
            blocks = blocks[:n // self.size] + [[]]
        self.seqs[seq] = (blocks, n + 1)

    def fork(self, parent, child, n):
        self.seqs[child] = (self.seqs[parent][0][:-(-n // self.size)], n)


class Traffic:
    "Drives a learner's allocator and the oracle side by side; what each sequence wrote must be there to be read."
    def __init__(self, allocator, num_blocks, block_size):
        self.theirs, self.ours = allocator, Blocks(num_blocks, block_size)
        self.size, self.total = block_size, num_blocks
        self.memory, self.texts, self.stamp, self.done = {}, {}, 0, []

    def write(self, seq, block, offset, at):
        whole([block, offset], self.story())
        assert 0 <= block < self.total, f"{self.story()}: blocks go from 0 to {self.total - 1}, got {block!r}"
        assert offset == at % self.size, f"{self.story()}: token {at} stands at offset {at % self.size}, got {offset!r}"
        self.stamp += 1
        self.memory[block, offset] = self.stamp
        self.texts[seq].append(self.stamp)

    def story(self):
        return f"{self.total} blocks of {self.size}, " + ", ".join(self.done[-6:])

    def alloc(self, seq, n):
        self.done.append(f"alloc({seq!r}, {n})")
        if -(-n // self.size) > self.total - self.ours.used():
            raises(RuntimeError, self.theirs.alloc, seq, n, why=f"{self.story()}: there are not enough free blocks")
            raises(KeyError, self.theirs.length, seq, why=f"{self.story()}: no sequence came to be")
            return self.look()
        self.theirs.alloc(seq, n)
        self.texts[seq], self.ours.seqs[seq] = [], ([[] for _ in range(-(-n // self.size))], n)
        table = self.theirs.table(seq)
        for at in range(n):
            self.write(seq, table[at // self.size], at % self.size, at)
        self.look(seq)

    def append(self, seq):
        self.done.append(f"append({seq!r})")
        takes, copies = self.ours.need(seq)
        if takes and self.ours.used() == self.total:
            raises(RuntimeError, self.theirs.append, seq, why=f"{self.story()}: no block is free")
            return self.look(seq)
        before = self.theirs.table(seq)
        block, offset, old = self.theirs.append(seq)
        self.ours.append(seq)
        expect(old, before[-1] if copies else None, on=f"the third value of the last call of {self.story()}",
               why="the block to copy from: the shared, part-filled block where there is one, else None")
        if old is not None:
            for i in range(self.size):
                self.memory.pop((block, i), None)
                if (old, i) in self.memory:
                    self.memory[block, i] = self.memory[old, i]
        self.write(seq, block, offset, len(self.texts[seq]))
        self.look(seq)

    def fork(self, parent, child, n=None):
        self.done.append(f"fork({parent!r}, {child!r}" + ("" if n is None else f", {n}") + ")")
        self.theirs.fork(parent, child) if n is None else self.theirs.fork(parent, child, n)
        n = len(self.texts[parent]) if n is None else n
        self.ours.fork(parent, child, n)
        self.texts[child] = self.texts[parent][:n]
        self.look(parent, child)

    def free(self, seq):
        self.look(seq)
        self.done.append(f"free({seq!r})")
        self.theirs.free(seq)
        del self.texts[seq], self.ours.seqs[seq]
        self.look()

    def look(self, *touched):
        "What can be seen from outside: of the sequences touched, and now and then of all."
        expect(self.theirs.free_blocks(), self.total - self.ours.used(), on=f"free_blocks() after {self.story()}",
               why="a block is free when no sequence holds it; one that is shared counts once")
        whole([self.theirs.free_blocks(), *[self.theirs.length(seq) for seq in touched if seq in self.texts]], self.story())
        seen = list(self.texts) if len(self.done) % 5 == 0 else [seq for seq in touched if seq in self.texts]
        for seq, text in ((seq, self.texts[seq]) for seq in seen):
            on = f"sequence {seq!r} after {self.story()}"
            expect(self.theirs.length(seq), len(text), on=f"length of {on}")
            table = self.theirs.table(seq)
            expect(len(table), -(-len(text) // self.size), on=f"the number of blocks of {on}",
                   why="as many blocks as its tokens need, the last one part-filled at most")
            read = [self.memory.get((table[i // self.size], i % self.size)) for i in range(len(text))]
            assert read == text, (f"{on}: its block table {table} does not lead to its own tokens any more; token "
                                  f"{next(i for i in range(len(text)) if read[i] != text[i])} was overwritten by another")


def random_traffic(allocator, num_blocks, block_size, seed, steps):
    "Random calls, refused ones too; at the end everything is freed."
    rng, traffic, made = np.random.default_rng(seed), Traffic(allocator, num_blocks, block_size), 0
    for _ in range(steps):
        names, kind = list(traffic.texts), rng.random()
        if not names or kind < 0.12:
            traffic.alloc(made, int(rng.integers(0, 3 * block_size + 2)))
            made += 1
        elif kind < 0.3:
            parent = names[rng.integers(len(names))]
            n = None if rng.random() < 0.4 else int(rng.integers(0, len(traffic.texts[parent]) + 1))
            traffic.fork(parent, made, n)
            made += 1
        elif kind < 0.42:
            traffic.free(names[rng.integers(len(names))])
        else:
            traffic.append(names[rng.integers(len(names))])
    for seq in list(traffic.texts):
        traffic.free(seq)
    return traffic


def plain_gather(cache, tables, lengths):
    "paged_gather, token by token."
    B, S = len(lengths), max(lengths.tolist())
    out = torch.zeros(B, S, *cache.shape[2:], dtype=cache.dtype)
    for b in range(B):
        for t in range(int(lengths[b])):
            out[b, t] = cache[tables[b, t // cache.shape[1]], t % cache.shape[1]]
    return out, torch.arange(S) < lengths[:, None]


def plain_hits(requests, block, capacity=None):
    "prefix_cache_hits with whole prefixes as keys, newest last."
    cache, hits = [], []
    for tokens in requests:
        keys = [tuple(tokens[:n]) for n in range(block, len(tokens) + 1, block)]
        found = 0
        while found < len(keys) and keys[found] in cache and (found + 1) * block < len(tokens):
            found += 1
        hits.append(found * block)
        cache = [k for k in cache if k not in keys] + keys[::-1]
        if capacity is not None:
            cache = cache[max(len(cache) - capacity, 0):]
    return hits
### END HIDDEN TESTS

# %% [markdown]
# ## 1 · Static and continuous batching
#
# A decode step reads all weights, for one request or for thirty. So a server puts requests together. The question is
# when a request may join.
#
# **Static batching** takes some requests, runs them until *the last of them* has ended, and takes the next. Slots
# whose request has ended stay idle (or compute padding, up to the longest of the batch, not up to the model's
# maximum).
#
# **Continuous batching** decides anew at every step: who has ended leaves, who waits takes the place. Orca (Yu et al.,
# OSDI 2022) calls it iteration-level scheduling. It was the first for large language models; BatchMaker (2018) did
# the like for recurrent networks.
#
# **The catch.** "2 to 10 times the throughput" is no constant. What is won is idle slots, and those come from answers
# of *different* length. If all answers are equally long, nothing is won. You will measure how much, by distribution.
#
# | | static | continuous |
# |---|---|---|
# | a slot is refilled | when the whole batch has ended | at the next step |
# | an answer leaves | with its batch | when it ends |
# | gain for answers of one length | – | none |
#
# Two refinements are asked about today. A prompt's *prefill* takes longer than a decode step, and everybody in the
# batch waits for it. Llama-3-8B (8.03 billion parameters, BF16) on one H100 (989 TFLOP/s, 3.35 TB/s): a decode step
# reads 16.1 GB, 4.8 ms; a prompt of 8,000 tokens computes for 130 ms at best, and nobody gets a token meanwhile.
#
# - **Chunked prefill** cuts the prompt into pieces and adds one to each step. A piece of 512 tokens computes for 8.3
#   ms: smoother for those who decode, a little later for the newcomer.
# - **Disaggregation** gives prefill and decode GPUs of their own and sends keys and values over; each side can then be
#   sized and tuned alone. The price is the transfer: at 131,072 bytes a token those 8,000 are 1.05 GB, 21 ms at 50
#   GB/s.

# %% tags=["picture"]
serving.two_schedules()

# %% [markdown]
# ### Exercise 12.1 · simulate_continuous
#
# Two functions with the same arguments, `simulate_static(lengths, slots, arrivals=None)` and
# `simulate_continuous(lengths, slots, arrivals=None)`. Both return `(makespan, latencies)`.
#
# - Request i arrives at time `arrivals[i]` and needs `lengths[i]` tokens. Times are whole numbers of steps, 0, 1, 2,
#   …; lengths are at least 1, `slots` too. `arrivals=None`: all at time 0. Arrivals need not be sorted.
# - At the beginning of each step, requests that have arrived (arrival ≤ now) are admitted while there are free slots,
#   the earliest arrival first, of equal arrivals the lower index first. A request that is admitted at time t has its
#   tokens at t + 1, …, t + length; it ends at t + length, and from that time on its slot is free.
# - **Continuous**: every free slot is filled at every step.
# - **Static**: requests are admitted only when *no* slot is in use: then as many as have arrived, up to `slots`; a
#   batch does not wait to be full. The batch ends with its longest request, and all its answers leave then.
# - `latencies[i]` is the time at which the answer leaves (continuous: at which the request ends) minus `arrivals[i]`.
#   `makespan` is the time at which the last answer leaves; 0 without requests, with an empty list of latencies.
# - Where no request is there, time passes until one arrives.
#
# What comes back is an int and a list of ints. Source: Orca, Yu et al., OSDI 2022.

# %% stub="simulate_continuous"
def simulate_static(lengths: list[int], slots: int,
                    arrivals: list[int] | None = None) -> tuple[int, list[int]]:
    """(makespan, latency of each request); a batch is refilled when all of it has ended.

    simulate_static([3, 1, 1], 2)  is  (4, [3, 3, 4])
    """
    ### BEGIN SOLUTION
    arrivals = [0] * len(lengths) if arrivals is None else arrivals
    order = sorted(range(len(lengths)), key=lambda i: (arrivals[i], i))
    now, latency = 0, [0] * len(lengths)
    while order:
        now = max(now, arrivals[order[0]])
        batch = [i for i in order if arrivals[i] <= now][:slots]
        now += max(lengths[i] for i in batch)
        for i in batch:
            latency[i] = now - arrivals[i]
        order = order[len(batch):]
    return now, latency
    ### END SOLUTION
    raise NotImplementedError("simulate_static")


def simulate_continuous(lengths: list[int], slots: int,
                        arrivals: list[int] | None = None) -> tuple[int, list[int]]:
    """(makespan, latency of each request); every free slot is refilled at every step.

    simulate_continuous([3, 1, 1], 2)  is  (3, [3, 1, 2])
    """
    ### BEGIN SOLUTION
    arrivals = [0] * len(lengths) if arrivals is None else arrivals
    free, latency, makespan = [0] * slots, [0] * len(lengths), 0  # when each slot is free, as a heap
    for i in sorted(range(len(lengths)), key=lambda i: (arrivals[i], i)):
        end = max(heapq.heappop(free), arrivals[i]) + lengths[i]
        heapq.heappush(free, end)
        latency[i], makespan = end - arrivals[i], max(makespan, end)
    return makespan, latency
    ### END SOLUTION
    raise NotImplementedError("simulate_continuous")


# %% [markdown] hints="simulate_continuous"
# <details><summary>Hint 1: a question</summary>
#
# Do you have to count steps at all? What is the only thing that you must know of each slot when the next request of
# the queue is to be placed?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Lengths [3, 1, 1], two slots, all there at 0. Continuous: request 0 holds the first slot until 3, request 1 the
# second until 1; request 2 takes the second from 1 to 2. Static: 0 and 1 leave together at 3, request 2 runs from 3
# to 4. With arrivals [5, 0, 0] the order is 1, 2, 0, and both ways answer request 0 at 8, after a latency of 3.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# A slot may be free *before* the next request is there: it starts at the later of the two times. And a latency counts
# from the arrival, not from the admission: waiting in the queue is part of it.
#
# </details>

# %% graded="simulate_continuous__together" points=2
# All requests there at the start: makespan and latencies of both ways.
check(simulate_continuous, [3, 1, 1], 2, want=(3, [3, 1, 2]), why="request 2 takes the slot of request 1 at time 1",
      mistakes={"slots were refilled only when the whole batch had ended": (4, [3, 3, 4])})
check(simulate_static, [3, 1, 1], 2, want=(4, [3, 3, 4]), why="requests 0 and 1 leave together, at 3; then comes 2",
      mistakes={"an answer left before its batch had ended": (4, [3, 1, 4])})
check(simulate_continuous, [4, 4, 4, 4], 2, want=(8, [4, 4, 8, 8]), why="of equal lengths nothing is won")
check(simulate_static, [4, 4, 4, 4], 2, want=(8, [4, 4, 8, 8]), why="of equal lengths nothing is lost")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(1)
for n, slots, longest in [(1, 1, 9), (7, 3, 5), (40, 8, 60), (25, 1, 7), (5, 9, 30), (90, 17, 300), (0, 4, 3)]:
    lengths = rng.integers(1, longest + 1, n).tolist()
    for fn, continuous in [(simulate_static, False), (simulate_continuous, True)]:
        check(fn, list(lengths), slots, want=simulated(lengths, slots, None, continuous),
              why="first come, first served; the lower index first")
check(simulate_continuous, [2, 5, 1, 1], 2, [0, 0, 0, 0], want=(5, [2, 5, 3, 4]),
      why="request 2 waits for the first slot that is free, and request 3 takes it after that")
check(simulate_static, [9, 1, 1, 2, 2], 2, want=(13, [9, 9, 11, 11, 13]), why="three batches: 9, 2 and 2 steps")
for fn, name in [(simulate_static, "simulate_static"), (simulate_continuous, "simulate_continuous")]:
    makespan, latencies = fn([3, 1, 1], 2)
    whole([makespan, *latencies], f"{name}([3, 1, 1], 2)")
### END HIDDEN TESTS

# %% graded="simulate_continuous__arrivals" points=2
# Requests that come over time, not in order; empty times; arguments that stay as they are.
check(simulate_continuous, [3, 1, 1], 2, [5, 0, 0], want=(8, [3, 1, 1]),
      why="request 0 comes at 5 and starts at once: latency counts from the arrival",
      mistakes={"the order of the list was taken for the order of arrival": (8, [3, 6, 7]),
                "latency was counted from time 0": (8, [8, 1, 1])})
check(simulate_static, [3, 1, 1], 2, [1, 0, 0], want=(4, [3, 1, 1]),
      why="the first batch holds requests 1 and 2, which were there at 0; request 0 starts at 1, when they have left")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(2)
for n, slots, longest, span in [(1, 2, 4, 30), (9, 2, 6, 12), (30, 4, 20, 90), (60, 16, 40, 150), (12, 1, 3, 200),
                                (50, 5, 9, 40), (40, 6, 6, 90), (30, 1, 3, 60)]:
    lengths, arrivals = rng.integers(1, longest + 1, n).tolist(), rng.integers(0, span, n).tolist()
    for fn, continuous in [(simulate_static, False), (simulate_continuous, True)]:
        unchanged(fn, list(lengths), slots, list(arrivals), want=simulated(lengths, slots, arrivals, continuous))
check(simulate_static, [2, 7, 1], 4, [0, 1, 1], want=(9, [2, 8, 8]),
      why="request 0 starts alone at 0: a batch does not wait to be full")
check(simulate_static, [2, 3, 1], 3, [0, 2, 3], want=(6, [2, 3, 3]),
      why="request 1 starts at 2, alone: request 2 comes one step later, and waits until 5")
check(simulate_static, [4, 2], 3, [6, 6], want=(10, [4, 4]), why="nothing is there before 6")
check(simulate_continuous, [4, 2], 3, [6, 6], want=(10, [4, 2]), why="nothing is there before 6")
check(simulate_continuous, [4, 1, 1], 2, [0, 0, 4], want=(5, [4, 1, 1]),
      why="a slot that is free from time 4 on takes who arrives at 4")
### END HIDDEN TESTS

# %% tags=["picture"]
serving.slots_in_use(simulate_static, simulate_continuous)

# %% [markdown]
# The picture is a model of slots alone: a step costs the same however many slots are full. On a GPU that is nearly so
# while decoding waits for memory (part 4), and the price shows elsewhere: each request's own tokens come a little
# slower in a full batch. The cell on SmolLM2 in part 5 measures both.
#
# ## 2 · What is measured
#
# An answer that streams has two speeds.
#
# - **TTFT**, time to first token: first token minus arrival. Queue and prefill are in it.
# - **TPOT**, time per output token: (end − first) / (tokens − 1). The first token is not in it: n tokens have n − 1
#   gaps. An answer of one token has no TPOT.
# - **ITL**, inter-token latency: the gaps one by one. Some take it for another name of TPOT, but TPOT is an answer's
#   *mean* gap: one stall of 130 ms adds 0.4 ms to the TPOT of 300 tokens, and shows in the p99 of ITL.
# - **Throughput**: tokens per second over all requests. It grows with the batch while TPOT gets worse.
# - A service-level objective, **SLO**, is a promise such as "TTFT ≤ 1 s and TPOT ≤ 0.1 s". **Goodput** counts only the
#   requests that keep all of it, per second. A server can raise its throughput and lose goodput. (DistServe's paper
#   means the highest request rate per GPU at which, say, 90 % keep it.)
#
# Means hide what users complain about, so percentiles are quoted: **p99** is the value that 99 % of requests stay
# below.
#
# **The catch.** Percentiles do not average. The mean of ten servers' p99 is not the p99 of their requests, and p99
# TTFT plus p99 decoding time is not p99 latency: put the requests together first, then take the percentile.
#
# ### Exercise 12.2 · latency_metrics
#
# `latency_metrics(arrival, first, end, ntok, limits)` of N ≥ 1 requests:
#
# - `arrival`, `first`, `end`: seconds, as lists or arrays of N numbers; may be wall-clock times such as 1.7e9, so
#   compute in float64. `ntok`: tokens of each answer, at least 1. Requests stand in any order.
# - `limits` is (TTFT, TPOT), in seconds.
#
# A dict of six floats:
#
# | key | value |
# |---|---|
# | `"ttft_p50"`, `"ttft_p99"` | percentiles of TTFT over the requests, linear as in `numpy.percentile` |
# | `"tpot_p50"`, `"tpot_p99"` | the same of TPOT, over the requests that have one (two tokens or more); NaN where none has |
# | `"throughput"` | all tokens, per second of the span from the first arrival to the last end |
# | `"goodput"` | requests that keep both limits (≤), per second of the same span. One-token answers have TTFT alone to keep |
#
# The span is longer than 0. Values are compared to about 1e-6. Source: DistServe (goodput), Zhong et al. 2024, arXiv
# 2401.09670.

# %% stub="latency_metrics"
def latency_metrics(arrival, first, end, ntok, limits: tuple[float, float]) -> dict[str, float]:
    """Percentiles of TTFT and TPOT, throughput and goodput of N requests; times in seconds.

    One request, arrival 0, first token 1, end 3, 5 tokens: TTFT 1, TPOT 0.5, throughput 5 / 3.
    """
    ### BEGIN SOLUTION
    arrival, first, end, ntok = (np.asarray(x, dtype=np.float64) for x in (arrival, first, end, ntok))
    ttft, several = first - arrival, ntok > 1
    tpot = np.where(several, (end - first) / np.maximum(ntok - 1, 1), np.nan)
    span = end.max() - arrival.min()
    good = (ttft <= limits[0]) & (~several | (tpot <= limits[1]))
    table = {"throughput": ntok.sum() / span, "goodput": good.sum() / span}
    for name, x in [("ttft", ttft), ("tpot", tpot[several])]:
        for q in (50, 99):
            table[f"{name}_p{q}"] = np.percentile(x, q) if len(x) else np.nan
    return {name: float(x) for name, x in table.items()}
    ### END SOLUTION
    raise NotImplementedError("latency_metrics")


# %% [markdown] hints="latency_metrics"
# <details><summary>Hint 1: a question</summary>
#
# Which requests have no TPOT, and what must they not do: to the percentile, and to the goodput?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Two requests from 0: one with its first token at 1 and its end at 3 after 5 tokens, one with its only token at 2.
# TTFT 1 and 2, p50 1.5, p99 1.99. TPOT of the first 2 / 4 = 0.5, and that is both percentiles. Span 3: throughput 6 /
# 3. With limits (2, 0.4) only the second is good: goodput 1 / 3.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# A comparison with NaN is False: whoever compares a one-token answer's TPOT with its limit counts it as bad. And
# float32 knows times around 1.7e9 to 128 seconds.
#
# </details>

# %% graded="latency_metrics__percentiles" points=2
# TTFT and TPOT, medians and 99th percentiles.
def only(*names):
    "Some of the six values."
    def chosen(*args):
        got = latency_metrics(*args)
        return {name: got[name] for name in names}
    return chosen

times = [0.0, 0.0, 1.0], [1.0, 2.0, 1.5], [3.0, 2.0, 7.5], [5, 1, 3]
expect(only("ttft_p50", "tpot_p50")(*times, (1.0, 1.0)), {"ttft_p50": 1.0, "tpot_p50": 1.75}, rtol=1e-6, atol=1e-6,
       on="the medians of latency_metrics([0, 0, 1], [1, 2, 1.5], [3, 2, 7.5], [5, 1, 3], (1, 1))",
       why="TTFT 1, 2 and 0.5; TPOT 2/4 and 6/2, and none for the answer of one token",
       mistakes={"divided by all tokens, the first included": {"ttft_p50": 1.0, "tpot_p50": 1.2},
                 "the answer of one token counted as TPOT 0": {"ttft_p50": 1.0, "tpot_p50": 0.5}})
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(3)
names = ("ttft_p50", "ttft_p99", "tpot_p50", "tpot_p99")
for N, start in [(1, 0.0), (2, 5.0), (37, 1.7e9), (250, 0.0), (1000, 40.0)]:
    arrival = start + rng.permutation(np.cumsum(rng.exponential(0.3, N)))
    first = arrival + rng.lognormal(-1, 1.2, N)
    ntok = rng.choice([1, 2, 9, 200], N)
    end = first + (ntok - 1) * rng.gamma(3, 0.02, N)
    want = plain_metrics(arrival, first, end, ntok.tolist(), (0.5, 0.06))
    for kind in (list, np.array):
        args = [kind(x) for x in (arrival.tolist(), first.tolist(), end.tolist(), ntok.tolist())]
        expect(only(*names)(*args, (0.5, 0.06)), {n: want[n] for n in names}, rtol=1e-6, atol=1e-6,
               on=f"latency_metrics of {N} random requests from {start:g} s on", why="linear percentiles over requests")
expect(only(*names)([3.0, 4.0], [3.5, 5.0], [3.5, 5.0], [1, 1], (1, 1)), on="two answers of one token each",
       want={"ttft_p50": 0.75, "ttft_p99": 0.995, "tpot_p50": math.nan, "tpot_p99": math.nan}, rtol=1e-6, atol=1e-6,
       why="no answer has a TPOT")
### END HIDDEN TESTS

# %% graded="latency_metrics__goodput" points=2
# Throughput and goodput; the six keys; arguments that stay as they are.
unchanged(latency_metrics, [0.0, 0.0], [1.0, 2.0], [3.0, 2.0], [5, 1], (2.0, 0.4), rtol=1e-6, atol=1e-6,
          want={"ttft_p50": 1.5, "ttft_p99": 1.99, "tpot_p50": 0.5, "tpot_p99": 0.5, "throughput": 2.0,
                "goodput": 1 / 3})
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(4)
for N, limits in [(1, (0.1, 0.1)), (3, (0.0, 9.0)), (41, (0.4, 0.05)), (120, (9.0, 0.05)), (300, (0.3, 9.0)), (77, (1.0, 0.0))]:
    arrival = rng.permutation(np.cumsum(rng.exponential(0.3, N))) + 1.7e9 * (N == 41)
    first = arrival + rng.lognormal(-1, 1, N)
    ntok = rng.choice([1, 2, 30], N, p=[0.3, 0.3, 0.4])
    end = first + (ntok - 1) * rng.gamma(3, 0.02, N)
    want = plain_metrics(arrival, first, end, ntok.tolist(), limits)
    unchanged(latency_metrics, arrival, first, end, ntok, limits, want=want, rtol=1e-6, atol=1e-6,
              why="good is who keeps both limits; a one-token answer has only one to keep")
check(latency_metrics, [0, 8], [0.5, 8.5], [2.5, 9.5], [3, 3], (0.5, 1.0), rtol=1e-6, atol=1e-6,
      want={"ttft_p50": 0.5, "ttft_p99": 0.5, "tpot_p50": 0.75, "tpot_p99": 0.995, "throughput": 6 / 9.5,
            "goodput": 2 / 9.5}, why="a limit that is exactly met is kept; the span goes from 0 to 9.5")
check(latency_metrics, [8, 0], [8.5, 0.5], [9, 20.5], [2, 5], (0.5, 1.0), rtol=1e-6, atol=1e-6,
      want={"ttft_p50": 0.5, "ttft_p99": 0.5, "tpot_p50": 2.75, "tpot_p99": 4.955, "throughput": 7 / 20.5,
            "goodput": 1 / 20.5}, why="the span goes from the first arrival to the last end, in whatever order they stand")
check(latency_metrics, [0, 0, 0], [0.3, 0.3 + 1e-9, 0.3], [2.0, 0.3 + 1e-9, 0.3 + 3 * (0.2 + 1e-9)], [2, 1, 4], (0.3, 0.2),
      want=plain_metrics([0, 0, 0], [0.3, 0.3 + 1e-9, 0.3], [2.0, 0.3 + 1e-9, 0.3 + 3 * (0.2 + 1e-9)], [2, 1, 4], (0.3, 0.2)),
      rtol=1e-6, atol=1e-6, why="a nanosecond over a limit is over it: nobody is good")
check(latency_metrics, [0, 1], [0.5, 1.5], [2, 3], [1, 4], (0.5, 0.6), rtol=1e-6, atol=1e-6,
      want={"ttft_p50": 0.5, "ttft_p99": 0.5, "tpot_p50": 0.5, "tpot_p99": 0.5, "throughput": 5 / 3, "goodput": 2 / 3},
      why="the first answer has one token, so TTFT is all that it must keep, though it was closed 1.5 s later")
### END HIDDEN TESTS

# %% tags=["picture"]
serving.goodput_against_throughput(simulate_continuous, latency_metrics)

# %% [markdown]
# Each point is one number of slots, in a model where a step takes 20 ms, and 1 ms more for each slot. With few slots
# the queue grows and TTFT breaks its limit. Beyond 80 slots a step takes more than 0.1 s and every TPOT breaks its
# own, while the throughput hardly shows it.
#
# ## 3 · Memory in blocks
#
# A request's cache grows by one token a step, and nobody knows how far. Reserving the longest possible answer for
# each wastes most of the memory. **PagedAttention** (Kwon et al. 2023, arXiv 2309.06180; the engine is vLLM) does
# what operating systems do: memory is cut into N blocks of a few tokens, 16 say, and each sequence has a **block
# table**, a list of its blocks. Token t stands in block `table[t // block_size]` at offset `t % block_size`. Blocks
# of one sequence may lie anywhere, so nothing is lost between sequences; lost is the rest of the last block, less
# than one block for each.
#
# The price: attention must read through the table. Real kernels do it on the fly. Here you gather, which shows the
# same indices.
#
# The catch: tables of a batch have different lengths, so they are padded, and the padding leads somewhere. In Python
# index −1 is a valid index; block −1 is the last block, which belongs to somebody else.

# %% tags=["picture"]
serving.block_tables()

# %% [markdown]
# ### Exercise 12.3 · paged_gather
#
# `paged_gather(cache, tables, lengths)` brings the keys of B sequences into one tensor. `cache` is (N, block_size, H,
# E). `tables` (B, M), int64, holds a block table in each row: the first ⌈length / block_size⌉ entries of row b are
# blocks of sequence b, what follows is padding and may be **anything**: −1, a block of another, a number beyond N.
# `lengths` (B,), int64, are ≥ 0, at least one of them > 0; M may be larger than any sequence needs.
#
# Returns `(keys, mask)` with S = the largest length:
#
# - `keys` (B, S, H, E), the dtype of `cache`: token t of sequence b where t < length, **exactly 0** elsewhere. What
#   lies in the unused part of a block, or in a block that the padding names, may be infinite or NaN, and must not
#   show.
# - `mask` (B, S), bool: True where there is a token.
#
# In memory of its own, arguments unchanged. A block may stand in several tables. Timed: at most 4 times as long as a
# solution without loops; a loop over tokens takes far more, a loop over the sequences of the batch is fast enough.
# Source: PagedAttention, arXiv 2309.06180.

# %% stub="paged_gather"
def paged_gather(cache: Tensor, tables: Int[Tensor, "B M"],
                 lengths: Int[Tensor, "B"]) -> tuple[Tensor, Bool[Tensor, "B S"]]:
    """The tokens (B, S, H, E) of B sequences out of a cache (N, block_size, H, E), and their mask.

    Blocks of 2, tables [[3, 1]], lengths [3]: block 3 whole, then the first token of block 1.
    """
    ### BEGIN SOLUTION
    size, S = cache.shape[1], int(lengths.max())
    mask = torch.arange(S, device=cache.device) < lengths[:, None]
    M = -(-S // size)
    used = torch.arange(M, device=cache.device) * size < lengths[:, None]  # (B, M): entries that are no padding
    keys = cache[tables[:, :M].where(used, 0)].flatten(1, 2)[:, :S]
    return keys.masked_fill(~mask[..., None, None], 0), mask
    ### END SOLUTION
    raise NotImplementedError("paged_gather")


# %% [markdown] hints="paged_gather"
# <details><summary>Hint 1: a question</summary>
#
# Indexing a tensor with a (B, M) tensor of block numbers gives which shape? And which two of its axes are one axis of
# tokens, cut up?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Blocks of 2, tables [[3, 1], [0, −1]], lengths [3, 1]. Indexing gives (2, 2, 2, H, E); joining the two middle axes
# (2, 4, H, E). Row 0 is block 3, block 1; row 1 is block 0, and the last block of the memory, by accident. S is 3. Of
# row 1 only the first token is its own.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# A product with a mask does not clear NaN: 0 · NaN is NaN. And a padding entry beyond N makes indexing fail before you
# can clear anything, so padding must be replaced first.
#
# </details>

# %% graded="paged_gather__blocks" points=2
# Sequences through their tables, of different lengths.
cache = torch.arange(10.0).view(5, 2, 1, 1)  # block n holds 2n and 2n + 1
check(paged_gather, cache, torch.tensor([[3, 1]]), torch.tensor([3]),
      want=(torch.tensor([6.0, 7, 2]).view(1, 3, 1, 1), torch.ones(1, 3, dtype=torch.bool)),
      why="block 3, then the first token of block 1",
      mistakes={"offset and block were exchanged": (torch.tensor([6.0, 2, 7]).view(1, 3, 1, 1), torch.ones(1, 3).bool())})
check(paged_gather, cache, torch.tensor([[3, 1], [4, -1]]), torch.tensor([3, 1]),
      want=(torch.tensor([[6.0, 7, 2], [8, 0, 0]]).view(2, 3, 1, 1), torch.tensor([[True] * 3, [True, False, False]])),
      why="row 1 has one token, then zeros",
      mistakes={"the rest of a block was kept": (torch.tensor([[6.0, 7, 2], [8, 9, 8]]).view(2, 3, 1, 1),
                                                torch.tensor([[True] * 3, [True, False, False]]))})
### BEGIN HIDDEN TESTS
rng, g = np.random.default_rng(5), torch.Generator().manual_seed(5)
for N, size, H, E, B, M in [(7, 3, 2, 5, 4, 4), (40, 16, 3, 4, 5, 7), (9, 1, 1, 2, 3, 6), (25, 5, 4, 3, 1, 9),
                            (90, 20, 2, 3, 17, 11)]:
    cache = torch.randn(N, size, H, E, generator=g)
    tables, lengths = torch.from_numpy(rng.integers(0, N, (B, M))), torch.from_numpy(rng.integers(0, M * size + 1, B))
    lengths[0] = max(int(lengths[0]), 1)
    for kind in (cache, cache.transpose(2, 3).contiguous().transpose(2, 3)):
        check(paged_gather, kind, tables, lengths, want=plain_gather(cache, tables, lengths), rtol=0, atol=0,
              why="token t stands in block table[t // block_size] at offset t % block_size")
short = torch.tensor([1, 0, 1])  # one token at most
check(paged_gather, cache, torch.tensor([[3, -1], [-1, -1], [1, 99]]), short, rtol=0, atol=0,
      want=(torch.stack([cache[3, :1], torch.zeros(1, 2, 3), cache[1, :1]]), torch.tensor([[True], [False], [True]])),
      why="a sequence of no tokens has none, also where the longest has one")
full = torch.tensor([12, 12])  # as long as the tables
tables = torch.tensor([[2, 0, 2], [1, 1, 0]])
cache = torch.randn(3, 4, 2, 3, generator=g)
check(paged_gather, cache, tables, full, want=plain_gather(cache, tables, full), rtol=0, atol=0,
      why="a block may stand in a table twice")
memory = torch.randn(5, 2, 4, 3, 6, generator=g)  # keys and values side by side; then tokens before blocks
tables, lengths = torch.tensor([[4, 1, 2], [0, 9, 2]]).T, torch.tensor([[7, 0], [3, 0], [8, 0]])[:, 0]
for part in (memory[:, 1], memory[:, 0].transpose(0, 1).contiguous().transpose(0, 1)):
    check(paged_gather, part, tables, lengths, want=plain_gather(part, tables, lengths), rtol=0, atol=0,
          why="memory, tables and lengths may have any strides")
### END HIDDEN TESTS

# %% graded="paged_gather__padding" points=2
# Padding that leads anywhere; NaN in what is nobody's; lengths of 0.
cache = torch.tensor([1.0, 2.0, torch.nan, torch.inf]).view(2, 2, 1, 1)
check(paged_gather, cache, torch.tensor([[0, 1], [0, 99]]), torch.tensor([2, 1]),
      want=(torch.tensor([[1.0, 2], [1, 0]]).view(2, 2, 1, 1), torch.tensor([[True, True], [True, False]])),
      why="entries beyond a sequence's length are padding and may be anything")
### BEGIN HIDDEN TESTS
rng, g = np.random.default_rng(6), torch.Generator().manual_seed(6)
for N, size, B, M in [(12, 4, 5, 3), (30, 7, 6, 5), (6, 2, 3, 8)]:
    lengths = torch.from_numpy(rng.integers(0, min(M, 4) * size, B))
    lengths[1], lengths[2] = 0, size + 1
    cache = torch.randn(N, size, 2, 3, generator=g)
    tables = torch.from_numpy(rng.integers(0, N - 1, (B, M)))
    cache[N - 1] = torch.nan  # the block that index -1 leads to
    want = plain_gather(cache, tables, lengths)
    for b, n in enumerate(lengths.tolist()):
        tables[b, -(-n // size):] = int(rng.choice([-1, N, N - 1, 10**9, -(10**6)]))
        if n % size and not any(tables[b, n // size] in tables[a] for a in range(B) if a != b) and (
                tables[b] == tables[b, n // size]).sum() == 1:
            cache[tables[b, n // size], n % size:] = torch.tensor([torch.inf, -torch.inf, torch.nan])
    check(paged_gather, cache, tables, lengths, want=want, rtol=0, atol=0,
          why="0 after the end, whatever lies in the rest of a block or where the padding leads")
### END HIDDEN TESTS

# %% graded="paged_gather__memory" points=1
# Dtypes, memory of its own, arguments unchanged.
cache = torch.tensor([[[[1.5]]], [[[2.5]]]], dtype=torch.bfloat16)
unchanged(paged_gather, cache, torch.tensor([[1, 0]]), torch.tensor([1]),
          want=(torch.tensor([[[[2.5]]]], dtype=torch.bfloat16), torch.tensor([[True]])))
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(7)
for dtype in (torch.float64, torch.float16, torch.bfloat16, torch.int8):
    cache = (9 * torch.randn(6, 3, 2, 4, generator=g, dtype=torch.float64)).to(dtype)
    tables, lengths = torch.tensor([[5, 2, 0], [1, -1, 6], [0, 5, -1]]), torch.tensor([8, 2, 5])
    unchanged(paged_gather, cache, tables, lengths, want=plain_gather(cache, tables, lengths), rtol=0, atol=0)
    fresh(paged_gather, cache, tables, lengths, want=plain_gather(cache, tables, lengths), rtol=0, atol=0)
for dtype, far in [(torch.float32, 65000.0), (torch.bfloat16, 1e30)]:  # a sequence's own numbers
    odd = torch.tensor([torch.inf, -torch.inf, 0.0, far], dtype=dtype).view(2, 2, 1, 1)
    check(paged_gather, odd, torch.tensor([[1, 0], [0, -1]]), torch.tensor([3, 1]), rtol=0, atol=0,
          want=(torch.tensor([[0.0, far, torch.inf], [torch.inf, 0, 0]], dtype=dtype).view(2, 3, 1, 1),
                torch.tensor([[True] * 3, [True, False, False]])), why="a sequence's own numbers come as they are")
one = torch.randn(1, 5, 2, 3, generator=g)  # the whole memory is one sequence
fresh(paged_gather, one, torch.tensor([[0]]), torch.tensor([5]), want=(one.clone(), torch.ones(1, 5).bool()), rtol=0, atol=0)
### END HIDDEN TESTS

# %% graded="paged_gather__speed" points=2 tags=["timed"]
# 4 sequences of about 2,000 tokens. Here advice only; the judge times it.
def draw(rng: np.random.Generator):
    "A cache of 512 blocks of 16 tokens, 4 heads of 32; four tables of 128 blocks."
    cache = torch.from_numpy(rng.standard_normal((512, 16, 4, 32), dtype=np.float32))
    return cache, torch.from_numpy(rng.integers(0, 512, (4, 128))), torch.from_numpy(rng.integers(1900, 2049, 4))

advise(paged_gather, draw, yardstick=lambda cache, tables, lengths: cache[tables].flatten(1, 2), usual=3.0)
### BEGIN HIDDEN TESTS
duel(paged_gather, draw, reference='''
import torch

def paged_gather(cache, tables, lengths):
    size, S = cache.shape[1], int(lengths.max())
    mask = torch.arange(S) < lengths[:, None]
    M = -(-S // size)
    used = torch.arange(M) * size < lengths[:, None]
    keys = cache[tables[:, :M].where(used, 0)].flatten(1, 2)[:, :S]
    return keys.masked_fill(~mask[..., None, None], 0), mask
''', limit=4.0)
### END HIDDEN TESTS

# %% [markdown]
# ### Who owns a block
#
# Blocks pay a second time: sequences with the same beginning can share them. Eight answers to one prompt, a branch of
# a conversation, the beams of beam search: the second sequence takes the *table* of the first, and each block counts
# its owners (**reference count**). A block goes back when its last owner lets go.
#
# Full blocks never change, so sharing them is safe. The last, part-filled block is the catch: if both write their
# next token into it, one destroys the other's. **Copy-on-write**: who is about to write into a block that others hold
# too takes a new block, has the old one copied, lets go of the old one, and writes into the new. The *last* owner
# left writes in place.
#
# ### Exercise 12.4 · BlockAllocator
#
# `BlockAllocator(num_blocks, block_size)` keeps the books for blocks 0 … num_blocks − 1; it moves no data. Sequences
# have names: any hashable value, 0 and `""` too.
#
# | method | does |
# |---|---|
# | `alloc(seq, n=0)` | a new sequence of n tokens: ⌈n / block_size⌉ blocks of its own, none for n = 0 |
# | `append(seq)` | room for one more token; returns `(block, offset, old)`, see below |
# | `fork(parent, child, n=None)` | a new sequence `child` of the first n tokens of `parent`, sharing their blocks |
# | `free(seq)` | the sequence is gone; blocks that nobody else holds are free again |
# | `table(seq)` | its blocks in order, a list of ints |
# | `length(seq)` | its tokens |
# | `free_blocks()` | how many blocks are free |
#
# - `append` returns where the token goes, `block` and `offset`, and `old`: the block whose content the caller must
#   copy to `block` before, or `None` where there is nothing to copy.
# - `fork` with n=None shares all; else 0 ≤ n ≤ the parent's length. The child holds the ⌈n / block_size⌉ blocks in
#   which its tokens stand; no block is taken.
# - A sequence of n tokens holds ⌈n / block_size⌉ blocks, never more. `append` takes a block only when it needs one:
#   the last block is full (or there is none), or it is part-filled and *other sequences hold it too*. Only in this
#   second case is there something to copy, and the writer lets go of `old`. A full block that is shared is neither
#   copied nor left.
# - It does not matter whether another owner of the block has tokens after yours in it: that block is shared.
# - Where no block, or not enough, is free, `alloc` and `append` raise `RuntimeError`, and **everything stays as it
#   was**: the same call works after somebody has freed enough.
# - An unknown name (freed ones too) raises `KeyError` in every method, in a full memory too. Names that exist already
#   are not given to `alloc` or `fork`; a name may be used again after `free`.
# - Which of the free blocks is taken is left open. Several allocators may live side by side.
#
# Source: PagedAttention, arXiv 2309.06180, section 4.

# %% stub="BlockAllocator"
class BlockAllocator:
    """Books of a paged memory: reference counts, block tables, copy-on-write.

    a = BlockAllocator(4, 2); a.alloc("x", 3); a.fork("x", "y")
    a.append("y")  gives (a new block, 1, the last block of "x")
    """

    def __init__(self, num_blocks: int, block_size: int):
        ### BEGIN SOLUTION
        self.size, self.unused, self.owners = block_size, list(range(num_blocks)), Counter()
        self.tables, self.lengths = {}, {}
        return
        ### END SOLUTION
        raise NotImplementedError("BlockAllocator")

    def alloc(self, seq, n: int = 0) -> None:
        ### BEGIN SOLUTION
        need = -(-n // self.size)
        if need > len(self.unused):
            raise RuntimeError(f"{need} blocks are needed, {len(self.unused)} are free")
        self.tables[seq], self.lengths[seq] = [self.unused.pop() for _ in range(need)], n
        self.owners.update(self.tables[seq])
        return
        ### END SOLUTION
        raise NotImplementedError("BlockAllocator")

    def append(self, seq) -> tuple[int, int, int | None]:
        ### BEGIN SOLUTION
        table, offset = self.tables[seq], self.lengths[seq] % self.size
        old = table[-1] if offset and self.owners[table[-1]] > 1 else None
        if offset == 0 or old is not None:
            if not self.unused:
                raise RuntimeError("no block is free")
            if old is not None:
                self.owners[table.pop()] -= 1
            table.append(self.unused.pop())
            self.owners[table[-1]] = 1
        self.lengths[seq] += 1
        return table[-1], offset, old
        ### END SOLUTION
        raise NotImplementedError("BlockAllocator")

    def fork(self, parent, child, n: int | None = None) -> None:
        ### BEGIN SOLUTION
        n = self.lengths[parent] if n is None else n
        self.tables[child], self.lengths[child] = self.tables[parent][:-(-n // self.size)], n
        self.owners.update(self.tables[child])
        return
        ### END SOLUTION
        raise NotImplementedError("BlockAllocator")

    def free(self, seq) -> None:
        ### BEGIN SOLUTION
        blocks = self.tables.pop(seq)
        del self.lengths[seq]
        self.owners.subtract(blocks)
        self.unused += [block for block in blocks if self.owners[block] == 0]
        return
        ### END SOLUTION
        raise NotImplementedError("BlockAllocator")

    def table(self, seq) -> list[int]:
        ### BEGIN SOLUTION
        return list(self.tables[seq])
        ### END SOLUTION
        raise NotImplementedError("BlockAllocator")

    def length(self, seq) -> int:
        ### BEGIN SOLUTION
        return self.lengths[seq]
        ### END SOLUTION
        raise NotImplementedError("BlockAllocator")

    def free_blocks(self) -> int:
        ### BEGIN SOLUTION
        return len(self.unused)
        ### END SOLUTION
        raise NotImplementedError("BlockAllocator")


# %% [markdown] hints="BlockAllocator"
# <details><summary>Hint 1: a question</summary>
#
# In `append` there are four cases: last block full or not, shared or not. In which of them is a block taken, in which
# is one copied, in which is one let go?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Four blocks of 2. `alloc("x", 3)` holds two blocks, say 3 and 2. `fork("x", "y")`: the same table, two owners each.
# `append("y")`: offset 1 of a shared block, so y takes block 1, has 2 copied, and lets go of 2. Now `append("x")`:
# block 2 has one owner again, offset 1, in place, nothing to copy. Then `append("x")`: its blocks are full, it takes
# block 0. `append("y")` finds nothing free. `free("x")` gives back 2 and 0, but not 3.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Look whether a block is free *before* you change anything: a call that is refused must leave no trace. And a fork of
# the first n tokens may end inside a block that is full in its parent: for the child it is part-filled, and shared.
#
# </details>

# %% graded="BlockAllocator__grow" points=2
# One sequence after the other: tables, offsets, lengths, what is free.
a = BlockAllocator(5, 2)
a.alloc("x", 3)
expect((len(set(a.table("x"))), a.length("x"), a.free_blocks()), (2, 3, 3), on="BlockAllocator(5, 2) after alloc('x', 3)",
       why="three tokens need two blocks of 2; three of five are free")
last = a.table("x")[-1]
expect(a.append("x"), (last, 1, None), on="append('x') of the fourth token", why="the second block has room at offset 1")
block, offset, old = a.append("x")
expect((offset, old, a.table("x")[-1] == block, len(set(a.table("x"))), a.free_blocks()), (0, None, True, 3, 2),
       on="append('x') of the fifth token: offset, old, whether the table ends in the block, blocks, free ones",
       why="both blocks are full, so a third begins")
a.free("x")
expect(a.free_blocks(), 5, on="free_blocks() after free('x')")
### BEGIN HIDDEN TESTS
for num_blocks, size in [(1, 1), (3, 4), (9, 1), (7, 16), (40, 3)]:
    traffic = Traffic(BlockAllocator(num_blocks, size), num_blocks, size)
    traffic.alloc(0, 0)
    traffic.alloc("", size if num_blocks > 1 else 0)
    for _ in range(2 * size + 1):
        traffic.append(0)
        traffic.append("")
    traffic.free("")
    for _ in range(num_blocks * size + 1):
        traffic.append(0)
    traffic.free(0)
    traffic.alloc(0, num_blocks * size)  # the name again, and all of the memory
    traffic.append(0)
    traffic.alloc("b", 1)
    traffic.alloc("c", 0)
    traffic.append("c")
    traffic.free(0)
    traffic.append("c")
one = BlockAllocator(3, 2)
one.alloc("x", 6)
two = BlockAllocator(3, 2)
expect(two.free_blocks(), 3, on="free_blocks() of a second allocator", why="allocators share nothing")
raises(KeyError, two.table, "x", why="that is a sequence of another allocator")
### END HIDDEN TESTS

# %% graded="BlockAllocator__copy_on_write" points=3
# Forks that write: what is copied, what is not, what comes back.
a = BlockAllocator(4, 2)
a.alloc("x", 3)
a.fork("x", "y")
expect((a.table("y") == a.table("x"), a.free_blocks()), (True, 2), on="table('y') == table('x') and free_blocks() after "
       "alloc('x', 3), fork('x', 'y') on 4 blocks of 2", why="a fork shares all blocks and takes none")
last = a.table("x")[-1]
block, offset, old = a.append("y")
expect((offset, old, block in a.table("x"), a.table("x")[-1], a.free_blocks()), (1, last, False, last, 1),
       on="append('y'): offset, old, whether x holds the block, the last block of x, free ones",
       why="the last block is shared and part-filled: y gets a copy of its own, x keeps its block")
expect(a.append("x"), (last, 1, None), on="append('x') after that", why="y has let go: x is the only owner again",
       mistakes={"copied although nobody else holds the block": (0, 1, last)})
a.free("x")
expect((a.free_blocks(), a.length("y"), len(a.table("y"))), (2, 4, 2), on="free('x'): free blocks, length and blocks of y",
       why="the first block is still y's")
### BEGIN HIDDEN TESTS
for size, n in [(2, 3), (4, 8), (3, 7), (1, 4), (16, 20)]:
    traffic = Traffic(BlockAllocator(30, size), 30, size)
    traffic.alloc("p", n)
    for child in range(3):
        traffic.fork("p", child)
    for name in (1, "p", 0, 2, 2, 1):
        traffic.append(name)
    for child, m in [("a", 0), ("b", 1), ("c", n), ("d", max(n - 1, 0)), ("e", n // 2)]:
        traffic.fork("p", child, m)  # inside a block that is full in its parent, at its edge, of nothing
        traffic.append(child)
    traffic.free("p")
    for name in (0, 1, 2, "a", "b", "c", "d", "e"):
        traffic.append(name)
    for name in (2, "b", 0, "a", "e", "d", 1, "c"):
        traffic.free(name)
for seed, (num_blocks, size) in enumerate([(12, 4), (25, 3), (60, 16), (9, 1), (18, 2)]):
    random_traffic(BlockAllocator(num_blocks, size), num_blocks, size, seed, 70)
### END HIDDEN TESTS

# %% graded="BlockAllocator__refused" points=2
# A full memory: the call is refused and changes nothing. Names that are unknown.
a = BlockAllocator(2, 2)
a.alloc("x", 2)
raises(RuntimeError, a.alloc, "y", 3, why="two blocks are needed, one is free")
expect(a.free_blocks(), 1, on="free_blocks() after a refused alloc", why="a refused call takes nothing")
a.alloc("y", 2)
raises(RuntimeError, a.append, "x", why="its block is full, and none is free")
expect((a.length("x"), len(a.table("x"))), (2, 1), on="length and blocks of 'x' after a refused append")
a.free("y")
expect(a.append("x")[1:], (0, None), on="append('x') after 'y' was freed", why="the same call works now")
raises(KeyError, a.free, "y", why="'y' is gone: freeing it twice would give its block to two owners")
### BEGIN HIDDEN TESTS
for num_blocks, size in [(3, 3), (5, 2), (4, 16)]:
    traffic = Traffic(BlockAllocator(num_blocks, size), num_blocks, size)
    traffic.alloc(0, (num_blocks - 1) * size - 1)
    traffic.fork(0, 1)
    traffic.fork(1, 2)
    traffic.append(0)  # a copy into the last free block
    traffic.append(1)  # refused: shared with 2
    traffic.append(2)  # refused: shared with 1
    traffic.append(1)
    traffic.alloc(3, num_blocks * size + 1)
    traffic.free(2)
    traffic.append(1)  # now alone, in place
    traffic.append(1)
    traffic.free(0)
    traffic.append(1)
    traffic.free(1)
a = BlockAllocator(4, 2)
a.alloc("x", 1)
a.free("x")
for call in (a.append, a.table, a.length, a.free):
    raises(KeyError, call, "x", why="the sequence was freed")
    raises(KeyError, call, "never", why="no such sequence")
raises(KeyError, a.fork, "x", "y", why="the parent was freed")
raises(KeyError, a.length, "y", why="the fork was refused, so 'y' did not come to be")
expect(a.free_blocks(), 4, on="free_blocks() after calls with unknown names")
a.alloc("y", 1)
expect(a.length("y"), 1, on="length('y')", why="'y' did not come to be when its fork was refused")
a.alloc(0, 2)
a.alloc("0", 4)
expect((a.length(0), a.length("0"), a.free_blocks()), (2, 4, 0), on="lengths of 0 and '0', free blocks",
       why="a number and its digits are two names")
raises(KeyError, a.append, "x", why="the name is unknown, whether a block is free or not")
### END HIDDEN TESTS

# %% tags=["picture"]
serving.memory_map(BlockAllocator)

# %% [markdown]
# ### Sharing by content
#
# A fork knows its parent. Two users who send the same system prompt do not know of each other; the server has to find
# out. **Prefix caching** keeps blocks after their request has ended, under a key made of their content, and a new
# prompt takes as many as match.
#
# What must the key be? Keys and values of a token depend on *all tokens before it*. The block `[the, cat]` after
# `[feed]` is another block than `[the, cat]` after `[see]`. So a block's key is a hash of the parent's key and its
# own tokens: a chain, as long as the prompt. One that differs in its first token shares nothing.
#
# Two more edges. Only full blocks are kept: a part-filled one will change. And at least one token of a prompt must be
# computed, since the first answer token comes out of the last prompt token's logits, which no cache holds.
#
# Three consequences. *Prompt order*: what is the same for all (system prompt, tools, examples) goes first, what
# changes (date, user) last. *Routing*: with ten servers, requests that share a prefix should meet on one:
# **prefix-aware routing**, against balance of load. *Isolation*: a hit answers faster, so whoever measures TTFT
# learns whether somebody else has sent that prefix; so caches of different tenants get a different first key (a
# *salt*). Reusing whole answers for *similar* questions (semantic caching) is another thing; section 31 takes it
# apart.
#
# ### Exercise 12.5 · prefix_cache_hits
#
# `prefix_cache_hits(requests, block, capacity=None)`: requests (lists of token ids ≥ 0) come one after the other;
# return for each, how many of its tokens are taken from the cache: a list of ints, all multiples of `block`.
#
# - The cache holds full blocks, each known by **all tokens from the beginning of its prompt to its end**.
# - A request takes its leading blocks as long as each is in the cache; the first miss ends it. At least one token must
#   remain to be computed: a prompt of 8 tokens with blocks of 4 takes one block at most. (An empty prompt takes 0.)
# - After that, *all* full blocks of the request, taken or not, are in the cache and are its most recently used:
#   the first block the most recent, then the second, and so on.
# - `capacity=c` (≥ 0): the cache holds c blocks at most. After each request the least recently used ones are dropped
#   until it does. (So the deeper blocks of a prompt go before the ones that they build on.) None: no limit.
# - Every call begins with an empty cache. Hash collisions are not tested, but Python's `hash` of a tuple is no
#   promise of uniqueness; vLLM takes SHA-256 for that reason.
#
# Source: automatic prefix caching of vLLM, https://docs.vllm.ai/en/latest/design/prefix_caching/; RadixAttention
# (the same with a tree, and token by token) in SGLang, arXiv 2312.07104.

# %% stub="prefix_cache_hits"
def prefix_cache_hits(requests: list[list[int]], block: int,
                      capacity: int | None = None) -> list[int]:
    """Tokens of each request that come out of a cache of full blocks.

    prefix_cache_hits([[1, 2, 3], [1, 2, 4, 5, 6], [1, 2, 4, 5]], 2)  is  [0, 2, 2]
    """
    ### BEGIN SOLUTION
    cache, hits = {}, []  # keys in the order of use, the most recent last
    for tokens in requests:
        keys, found, key = [], 0, None
        for i in range(0, len(tokens) - block + 1, block):
            key = hash((key, *tokens[i:i + block]))  # the parent's key is part of the key
            keys.append(key)
        while found < len(keys) and keys[found] in cache and (found + 1) * block < len(tokens):
            found += 1
        hits.append(found * block)
        for key in reversed(keys):
            cache.pop(key, None)
            cache[key] = True
        while capacity is not None and len(cache) > capacity:
            del cache[next(iter(cache))]
    return hits
    ### END SOLUTION
    raise NotImplementedError("prefix_cache_hits")


# %% [markdown] hints="prefix_cache_hits"
# <details><summary>Hint 1: a question</summary>
#
# What is the key of block 3? Would a prompt that has the same tokens in that place, and one other token at the very
# beginning, have the same key?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Blocks of 2. First [1, 2, 3]: one full block, (1, 2); the 3 is not kept. Then [1, 2, 4, 5, 6]: takes 2 tokens, adds
# (1, 2, 4, 5). Then [1, 2, 4, 5]: both its blocks are there, but the second holds its last token: 2 again. Then [9,
# 9, 4, 5, 6]: 0.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# A hit is a use too: the blocks that were found move to the recent end, also the one that was found and not taken.
# Last block first, so that the first block ends up as the most recent.
#
# </details>

# %% graded="prefix_cache_hits__chain" points=2
# Full blocks, chained, without a limit.
check(prefix_cache_hits, [[1, 2, 3], [1, 2, 4, 5, 6], [1, 2, 4, 5]], 2, want=[0, 2, 2],
      why="the last request finds both blocks, but one token must be computed",
      mistakes={"the last token was taken from the cache as well": [0, 2, 4]})
check(prefix_cache_hits, [[1, 2, 3, 4, 5], [3, 4, 1, 2, 5]], 2, want=[0, 0],
      why="(3, 4) at the beginning is not (3, 4) after (1, 2)",
      mistakes={"a block was known by its own tokens alone": [0, 4]})
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(8)
def prompts(n, vocab, longest):
    "Prompts that share beginnings of all lengths."
    made = [[]]
    for _ in range(n):
        old = made[rng.integers(len(made))]
        made.append(old[:rng.integers(len(old) + 1)] + rng.integers(0, vocab, rng.integers(0, longest)).tolist())
    return made[1:]

check(prefix_cache_hits, [[5, 6, 1, 2, 9], [5, 6, 7, 8, 9], [1, 2, 3, 4, 7, 8, 9], [1, 2, 3, 4, 7, 8, 9]], 2,
      want=[0, 2, 0, 6], why="the first miss ends it, and nothing after it counts")
check(prefix_cache_hits, [[1, 2, 3, 4, 5, 6], [1, 2, 9, 9, 5, 6, 0]], 2, want=[0, 2],
      why="block (5, 6) has another past in the second request")
check(prefix_cache_hits, [[0, 0, 0], [0, 0, 0], [0, 0, 0, 0]], 1, want=[0, 2, 3], why="token 0 is a token like any other")
check(prefix_cache_hits, [[0] * 9, [0] * 13, [0] * 8], 4, want=[0, 8, 4],
      why="blocks of the same tokens at other places are other blocks")
check(prefix_cache_hits, [[1, 23, 4, 5, 0], [12, 3, 4, 5, 0], [1, 2, 34, 5, 0]], 2, want=[0, 0, 0],
      why="1, 23 and 12, 3 are different tokens")
check(prefix_cache_hits, [[7, 8, 0], [65_543, 8, 0], [263, 8, 0], [7, 8, 0]], 2, want=[0, 0, 0, 2],
      why="7, 263 and 65,543 are three tokens")
check(prefix_cache_hits, [], 3, want=[])
whole(prefix_cache_hits([[1, 2, 3], [1, 2, 4]], 2), "prefix_cache_hits([[1, 2, 3], [1, 2, 4]], 2)")
for n, vocab, longest, block in [(12, 3, 9, 2), (40, 2, 30, 3), (30, 2, 90, 16), (25, 50_000, 12, 1), (20, 2, 200, 7)]:
    requests = prompts(n, vocab, longest)
    check(prefix_cache_hits, requests, block, want=plain_hits(requests, block), why="the leading full blocks that are known")
### END HIDDEN TESTS

# %% graded="prefix_cache_hits__capacity" points=2
# A cache that is full drops what was used least recently; arguments stay as they are.
check(prefix_cache_hits, [[1, 1, 2, 2, 0], [3, 3, 0], [1, 1, 2, 2, 0], [3, 3, 0]], 2, 2, want=[0, 0, 2, 0],
      why="(3, 3) drops the deeper block of the first request; that one comes back and drops (3, 3)",
      mistakes={"the first block of a prompt was dropped before its last": [0, 0, 0, 0],
                "no limit": [0, 0, 4, 2]})
unchanged(prefix_cache_hits, [[1, 2, 3], [1, 2, 3]], 2, 0, want=[0, 0], why="a cache of no block")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(9)
check(prefix_cache_hits, [[1, 0], [2, 0], [1, 0], [3, 0], [1, 0], [2, 0]], 1, 4, want=[0, 0, 1, 0, 1, 0],
      why="prompt by prompt: a block that is found is used, and stays before one that was only added earlier")
check(prefix_cache_hits, [[1, 2, 3, 4], [9, 9], [1, 2, 3, 4], [8, 8], [1, 2, 3, 4, 5]], 2, 3, want=[0, 0, 2, 0, 4],
      why="the third request finds its second block and does not take it; that is a use, and (9, 9) is dropped before it")
check(prefix_cache_hits, [[1, 1, 2, 2, 0], [1, 1, 2, 2, 0], [3, 3, 4, 4, 0], [1, 1, 2, 2, 0]], 2, 3, want=[0, 4, 0, 2],
      why="after a full hit, too, the first block is the most recent, and the deeper one is dropped")
for n, vocab, longest, block, limit in [(40, 2, 12, 2, 5), (50, 2, 30, 3, 12), (60, 3, 8, 1, 9), (30, 2, 40, 4, 1),
                                        (60, 2, 9, 1, 3), (80, 2, 60, 5, 40), (20, 2, 12, 2, 0)]:
    made = [[]]
    for _ in range(n):
        old = made[rng.integers(len(made))]
        made.append(old[:rng.integers(len(old) + 1)] + rng.integers(0, vocab, rng.integers(0, longest)).tolist())
    unchanged(prefix_cache_hits, made[1:], block, limit, want=plain_hits(made[1:], block, limit))
### END HIDDEN TESTS

# %% tags=["picture"]
serving.prompt_order(prefix_cache_hits)

# %% [markdown]
# ## 4 · How many GPUs
#
# Two estimates answer most of a system-design question. Both are for one model on one GPU (or one group of GPUs that
# share the model).
#
# **The roofline of a decode step.** A step reads all weights once, and every sequence's own cache. It computes 2
# floating-point operations for each weight and each sequence. It takes the longer of the two times.
#
# - While reading takes longer, the step is *memory-bound*: another sequence is nearly free, tokens per second grow
#   with the batch.
# - Once computing takes longer, it is *compute-bound*: a larger batch only makes everybody wait.
# - Without caches the two meet at batch = FLOP/s · bytes per weight / (2 · bandwidth): 156 on an A100 in BF16 (312
#   TFLOP/s, 2.0 TB/s), 295 on an H100. Caches are read by each sequence alone, so with long contexts that point may
#   never come.
#
# What follows: *4-bit weights* and *speculative decoding* help where a step is memory-bound, at small batch. At high
# load they can cost: weights must be turned back into 16 bits before the product, and drafts that are rejected were
# computed for nothing. There one takes formats that the GPU multiplies as they are (FP8, or W8A8: 8 bits for weights
# and activations), and drafts only as far as there is room.
#
# **Little's law.** Requests in the system = requests per second · seconds that each stays, on average. It holds for
# whatever distribution, as long as the queue does not grow for ever. 1,000 queries a second that each take 8 s are
# 8,000 requests at once, and each of them needs its blocks.
#
# **The scaling signal.** GPU utilisation, as the driver reports it, is the share of time in which *some* kernel runs.
# A decoding server shows nearly 100 % with one request. Scale on what users feel and what comes before it: waiting
# requests, use of the KV cache, TTFT and TPOT against their limits. And early, since a new replica has to load its
# weights first. The experiment sets the two kinds of signal side by side.
#
# ### Exercise 12.6 · capacity
#
# Two functions. `roofline_decode(batch, params, bytes_per_weight, cache_bytes, bandwidth, flops)` returns `(tokens per
# second, regime)` of decoding at this batch:
#
# - a step reads `params · bytes_per_weight` bytes of weights once, and `cache_bytes` for *each* of the `batch`
#   sequences, at `bandwidth` bytes a second;
# - it computes 2 · params floating-point operations per sequence, at `flops` a second (attention's own are left out);
# - it takes the longer of the two times and gives one token per sequence; regime is `"memory"` or `"compute"`, after
#   the longer one, `"memory"` where they are equal. batch ≥ 1.
#
# `capacity(qps, prompt, answer, prefill_rate, decode_rate, seconds, slots, headroom=0.0, hit_rate=0.0)` returns how
# many GPUs are needed, an int:
#
# - **work**: each query brings `prompt` tokens, of which the share `hit_rate` comes from the prefix cache and costs
#   nothing, and `answer` tokens. A GPU prefills `prefill_rate` tokens a second when it does nothing else, or decodes
#   `decode_rate`; it divides its time between the two;
# - **room**: a GPU holds `slots` requests at once, and each stays `seconds` seconds in one (Little's law);
# - the larger of the two demands counts. The share `headroom` of every GPU is kept free: 0 ≤ headroom < 1;
# - rounded up; a demand within 1e-9 of a whole number (absolute or relative, as you like) is that number. `qps=0` needs
#   0 GPUs.
#
# Source: the roofline model, Williams et al. 2009; Little 1961.

# %% stub="capacity"
def roofline_decode(batch: int, params: float, bytes_per_weight: float, cache_bytes: float,
                    bandwidth: float, flops: float) -> tuple[float, str]:
    """(tokens per second, "memory" or "compute") of decoding with so many sequences at once.

    roofline_decode(2, 10, 2, 5, 10, 100)  is  (2 / 3, "memory"): 30 bytes at 10 a second
    """
    ### BEGIN SOLUTION
    reading = (params * bytes_per_weight + batch * cache_bytes) / bandwidth
    computing = 2 * params * batch / flops
    return batch / max(reading, computing), "memory" if reading >= computing else "compute"
    ### END SOLUTION
    raise NotImplementedError("roofline_decode")


def capacity(qps: float, prompt: float, answer: float, prefill_rate: float, decode_rate: float,
             seconds: float, slots: int, headroom: float = 0.0, hit_rate: float = 0.0) -> int:
    """GPUs for so many queries a second; rates in tokens a second of one GPU.

    capacity(8, 100, 50, 1000, 200, seconds=2, slots=4)  is  4: work 2.8, room 4
    """
    ### BEGIN SOLUTION
    work = qps * (prompt * (1 - hit_rate) / prefill_rate + answer / decode_rate)
    room = qps * seconds / slots
    return math.ceil(max(work, room) / (1 - headroom) - 1e-9)
    ### END SOLUTION
    raise NotImplementedError("capacity")


# %% [markdown] hints="capacity"
# <details><summary>Hint 1: a question</summary>
#
# If a GPU prefills 1,000 tokens a second or decodes 200: for which part of a second is it busy with one query of 100
# prompt and 50 answer tokens?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# That query takes 0.1 + 0.25 = 0.35 s of a GPU, and 8 such queries a second 2.8 GPUs. If each stays 2 s, 16 are there
# at once, and with 4 slots they need 4 GPUs: room decides. A fifth kept free: 4 / 0.8 = 5. Roofline: 10 weights of 2
# bytes and two caches of 5 bytes are 30 bytes, 3 s at 10 bytes a second; 2 · 10 · 2 = 40 operations at 100 a second
# are 0.4 s.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Work adds up, since prefill and decode share the GPU; work and room do not, since they are had at the same time. And
# keeping a fifth free means dividing by 0.8, not multiplying by 1.2.
#
# </details>

# %% graded="capacity__roofline" points=2
# Tokens per second and regime of a decode step.
check(roofline_decode, 2, 10, 2, 5, 10, 100, want=(2 / 3, "memory"), rtol=1e-6, atol=0,
      why="30 bytes take 3 s, 40 operations 0.4 s",
      mistakes={"weights were read once for each sequence": (0.4, "memory"), "the caches were left out": (1.0, "memory"),
                "one cache for all sequences": (0.8, "memory")})
check(roofline_decode, 512, 8e9, 2, 0, 2e12, 312e12, want=(19_500.0, "compute"), rtol=1e-6, atol=0,
      why="2 * 8e9 * 512 operations at 312e12 a second: beyond batch 156 an A100 waits for arithmetic",
      mistakes={"one operation per weight": (39_000.0, "compute")})
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(10)
for _ in range(25):
    batch = int(rng.choice([1, 2, 7, 64, 155, 157, 1000]))
    params, size = float(rng.choice([1e8, 8.03e9, 7.06e10])), float(rng.choice([0.5, 1, 2, 4]))
    cache = float(rng.choice([0, 1e6, 1.3e8, 4e10]))
    bandwidth, flops = float(rng.uniform(5e11, 5e12)), float(rng.uniform(5e13, 2e15))
    times = [params * size / bandwidth + batch * cache / bandwidth, params * batch * 2 / flops]
    if abs(times[0] / times[1] - 1) > 1e-6:
        check(roofline_decode, batch, params, size, cache, bandwidth, flops, rtol=1e-6, atol=0,
              want=(batch / max(times), "memory" if times[0] > times[1] else "compute"), why="the longer of the two times")
check(roofline_decode, 4, 16, 2, 0, 32, 128, want=(4.0, "memory"), rtol=1e-6, atol=0, why="both take 1 s: called memory")
### END HIDDEN TESTS

# %% graded="capacity__gpus" points=2
# How many GPUs, by work or by room, with headroom and prefix hits.
check(capacity, 8, 100, 50, 1000, 200, 2, 4, want=4, why="work 2.8 GPUs, room 8 * 2 / 4 = 4",
      mistakes={"work alone": 3, "work and room were added": 7})
check(capacity, 8, 100, 50, 1000, 200, 2, 4, 0.2, want=5, why="4 GPUs of work in GPUs of which a fifth stays free: 4 / 0.8")
check(capacity, 1000, 0, 300, 10_000, 2500, 6, 1000, want=120, why="300,000 tokens a second, 2,500 on each GPU")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(11)
for i in range(60):
    qps, prompt, answer = float(rng.uniform(0.1, 2000)), float(rng.integers(0, 4000)), float(rng.integers(1, 900))
    prefill, decode = float(rng.uniform(2e3, 5e4)), float(rng.uniform(100, 9000))
    seconds, slots = float(rng.uniform(0.1, 30)), int(rng.integers(1, 400))
    headroom, hits = [(0.0, 0.0), (0.3, 0.0), (0.0, 0.8), (0.55, 0.25), (0.1, 1.0)][i % 5]
    fresh_tokens = prompt - prompt * hits
    demand = max(qps * fresh_tokens / prefill + qps * answer / decode, qps * seconds / slots) / (1 - headroom)
    if abs(demand - round(demand)) > 1e-6:
        check(capacity, qps, prompt, answer, prefill, decode, seconds, slots, headroom, hits, want=int(demand) + 1,
              why="the larger of work and room, divided by what may be used of a GPU, rounded up")
for qps, prompt, headroom in [(8, 100, 0.0), (8, 400, 0.0), (8, 100, 0.3), (0, 100, 0.0)]:
    whole([capacity(qps, prompt, 50, 1000, 200, 2, 4, headroom)], f"capacity({qps}, {prompt}, 50, 1000, 200, 2, 4, {headroom})")
check(capacity, 0, 100, 100, 10, 10, 5, 1, want=0, why="no queries, no GPUs")
check(capacity, 4, 10, 10, 20, 20, 1, 4, want=4, why="exactly 4 GPUs of work: no fifth one")
check(capacity, 10, 1, 1, 10, 5, 0.1, 8, want=3, why="10 * (0.1 + 0.2) is 3 and a rounding error: that is 3 GPUs")
check(capacity, 1e-3, 1, 1, 1000, 1000, 1, 8, 0.5, want=1, why="a little of one GPU is one GPU")
check(capacity, 4 + 1e-7, 10, 10, 20, 20, 1, 4, want=5, why="a ten-millionth over 4 is more than a rounding error")
check(capacity, 3, 100, 100, 1000, 1000, 1, 8, headroom=0.4, hit_rate=1.0, want=1, why="0.375 of a GPU for room, 0.3 for work")
### END HIDDEN TESTS

# %% tags=["picture"]
serving.roofline(roofline_decode)

# %% [markdown]
# The lines are upper bounds, of Llama-3-8B in BF16 on one H100, by what each sequence has in its cache; they end
# where 80 GB are full. Only the first two bend: reading 415 tokens of cache takes as long as computing with all
# weights once, so with more context than that no batch is large enough to become compute-bound. Then a token costs
# what its cache costs to read, and shrinking the cache (section 14) is what helps.
#
# ## 5 · The engine
#
# All pieces are there: who runs next, where the keys stand, what may be shared. The engine joins them in one loop.
# Each step it makes room for the running requests, lets waiting ones in, calls the model *once* with all of them, and
# streams out one token each.
#
# A prompt that comes in is looked up against all sequences whose keys are still in memory, running and ended. Here we
# share token by token, as SGLang's radix tree does, and not only full blocks: your `fork(parent, child, n)` can end
# inside a block, and copy-on-write keeps it right.
#
# **When memory runs out.** Ended sequences are only kept in the hope of being useful, so they go first. If that is
# not enough, a running request must give way: it is **preempted**. Its blocks are either *swapped* to the host's
# memory, or dropped and later *recomputed*: the prompt and all that it has written so far are prefilled again, as if
# they were one prompt. Recomputing is simple, and needs no room on the host. Which is faster depends: swapping moves
# each block alone, so small blocks make it slow; in vLLM's paper both took about as long with blocks of 16 to 64
# tokens. vLLM recomputes. The latest arrival gives way, so that the oldest always gets on and nobody starves.
#
# ### Exercise 12.7 · Engine
#
# `Engine(model, num_blocks, block_size, slots, eos=None)`. Use your `BlockAllocator` and the given `common_prefix`.
# The stub brings the queue and the books; the allocator and `step` are yours. You may change all but the names and
# arguments of the constructor, `submit`, `step` and `busy`.
#
# **The model** is called `model(rows, copies)` and returns one token (an int) for each row, in order. A row is `(ids,
# table, past)`: `past` tokens of the sequence have keys in its blocks already, `ids` (a list, not empty) are the
# tokens right after them, `table` is the sequence's block table, with room for both. The model reads the keys of the
# first `past` tokens through the table and writes those of `ids`; the token it returns follows the last of `ids`.
# `copies` is a list of `(old, new)`: block `old` is copied to `new`, in order, before the rows.
#
# **Methods**
#
# - `submit(prompt, max_new)` puts a request into the queue and returns its name, an int that no other request has.
#   The prompt is a list of one token or more; max_new ≥ 1. It raises `ValueError` where prompt and max_new − 1 tokens
#   could not stand in the whole memory even alone.
# - `step()` does one step and returns what it made, a list of `(name, token)` in any order: one for each request that
#   runs after admission. A request ends after max_new tokens, or with the token `eos` (which is streamed, too; None:
#   there is none). With nothing to do it returns `[]` and does not call the model.
# - `busy()` is True while a request waits or runs.
#
# **One step, in this order**
#
# 1. *Grow.* Each running request, in the order of submission, gets room for its newest token, whose keys are not
#    there yet.
# 2. *Admit.* While fewer than `slots` run, the first of the queue is admitted if its whole text gets room; if not,
#    nobody behind it is admitted in this step.
# 3. *Run.* One call of the model with all that run. A newcomer's `ids` is the rest of its text, others' their newest
#    token.
# 4. *Stream*, and end those that are done. Their slots are free in the next step.
#
# **Sharing.** A text that is admitted begins as a fork of the sequence in memory, running or ended, with the longest
# common prefix: as many tokens as have keys there, written in *earlier* steps, but at least one token of the text
# remains in `ids`. (A sequence's last token has none when it ends.) With several equally long, any; with nothing in
# common, a new sequence.
#
# **Memory.** Only where a block is lacking, the ended sequence that ended first is freed, then the next, until there is
# room (of those that ended in one step, any first; to be shared makes none younger). If none is left: in *grow*, the
# running request that was submitted last is preempted (it may be the one that asks): its blocks are freed at once, it
# goes back to the *front* of the queue with its text so far, and is admitted with that as soon as it has room (in the
# same step, if so); nothing is streamed twice. In *admit*, the request gives its blocks back and waits.
#
# What must hold: each request gets token for token what it would get alone. Which blocks you take is open; so is in
# which order rows stand. Your allocator never gets a name twice at a time. Source: Orca (OSDI 2022); vLLM, arXiv
# 2309.06180; SGLang, arXiv 2312.07104.

# %% stub="Engine"
class Engine:
    """Continuous batching over a paged memory with shared beginnings.

    e = Engine(model, 8, 4, slots=2); a = e.submit([1, 2], 3); e.step() gives [(a, first token)].
    """

    def __init__(self, model, num_blocks: int, block_size: int, slots: int,
                 eos: int | None = None):
        self.model, self.slots, self.eos, self.room = model, slots, eos, num_blocks * block_size
        self.queue: deque = deque()  # (name, text so far), first come first
        self.left: list[int] = []  # of each request, by its name: tokens still to make
        self.running: dict[int, list[int]] = {}  # name -> text so far
        self.cached: dict[int, list[int]] = {}  # running or ended: name -> tokens that have keys
        # and self.blocks, your allocator
        ### BEGIN SOLUTION
        self.blocks = BlockAllocator(num_blocks, block_size)
        return
        ### END SOLUTION
        raise NotImplementedError("Engine")

    def submit(self, prompt: list[int], max_new: int) -> int:
        if len(prompt) + max_new - 1 > self.room:
            raise ValueError(f"{len(prompt)} + {max_new} tokens never fit into {self.room}")
        self.left.append(max_new)
        self.queue.append((len(self.left) - 1, list(prompt)))
        return len(self.left) - 1

    def busy(self) -> bool:
        return bool(self.queue or self.running)

    def forget(self, name: int) -> list[int] | None:
        """Frees the blocks of a sequence, running or ended; gives its text, where it was running."""
        self.blocks.free(name)
        del self.cached[name]
        return self.running.pop(name, None)

    def step(self) -> list[tuple[int, int]]:
        ### BEGIN SOLUTION
        copies, made = [], []
        for name in list(self.running):
            while name in self.running and not self._grow(name, copies):
                self.queue.appendleft((max(self.running), self.forget(max(self.running))))
        while self.queue and len(self.running) < self.slots and self._admit(*self.queue[0], copies):
            self.queue.popleft()
        rows = [(text[past:], self.blocks.table(name), past) for name, text in self.running.items()
                for past in [len(self.cached[name])]]
        for (name, text), token in zip(list(self.running.items()), self.model(rows, copies) if rows else []):
            del self.cached[name]
            self.cached[name] = list(text)  # at the end: who ended first stands before who ended later
            text.append(token)
            made.append((name, token))
            self.left[name] -= 1
            if self.left[name] == 0 or token == self.eos:
                del self.running[name]
        return made

    def _admit(self, name, text, copies):
        common = {other: common_prefix(self.cached[other], text[:-1]) for other in self.cached}
        parent = max(common, key=common.get, default=None)
        self.blocks.fork(parent, name, common[parent]) if common else self.blocks.alloc(name)
        self.running[name], self.cached[name] = text, text[:self.blocks.length(name)]
        if not (fits := self._grow(name, copies)):
            self.forget(name)
        return fits

    def _grow(self, name, copies):
        while self.blocks.length(name) < len(self.running[name]):
            try:
                block, _, old = self.blocks.append(name)
                copies += [(old, block)] if old is not None else []
            except RuntimeError:
                ended = next((other for other in self.cached if other not in self.running), None)
                if ended is None:
                    return False
                self.forget(ended)
        return True
        ### END SOLUTION
        raise NotImplementedError("Engine")


# %% [markdown] hints="Engine"
# <details><summary>Hint 1: a question</summary>
#
# For each sequence there are two lengths: its text, and the part of its text whose keys stand in memory. At which
# three moments does either change?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Blocks of 4, prompt [1, 2, 3, 4, 5], max_new 3. Step 1: the row ([1, 2, 3, 4, 5], table of two blocks, 0), a token x
# comes out; five tokens have keys. Step 2: room for x; the row ([x], table, 5), out comes y. Step 3: ([y], table, 6),
# out comes z, and it ends with seven tokens in memory, [1, 2, 3, 4, 5, x, y]; z has no keys. Now comes [1, 2, 3, 4,
# 5, x, y, z, 9]: a fork of seven tokens, and the row ([z, 9], its table, 7), with its second block copied first,
# since both hold it and it was three quarters full. Had the new prompt been [1, 2, 3, 4, 5], the fork would be of 4
# tokens, and the row ([5], table, 4).
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Update the record of what has keys only *after* the model ran: two equal prompts that are admitted in one step must
# not share what neither has written yet. And a preempted request that was about to grow must not grow after it is
# gone.
#
# </details>

# %% graded="Engine__serves" points=3
# One request, then several at once: the right tokens, when they come, who runs.
log = []
engine = Engine(toy_model(4, log), 8, 4, slots=2)
a = engine.submit([1, 2], 3)
first = engine.step()
want = alone([1, 2], 3)
expect(first, [(a, want[0])], on="the first step() after submit([1, 2], 3)",
       why="each step streams one token of each that runs")
b, c = engine.submit([5], 2), engine.submit([6, 7], 1)
expect(sorted(engine.step()), sorted([(a, want[1]), (b, alone([5], 1)[0])]), on="the second step()",
       why="two slots: the second request is admitted at once, the third waits")
expect(sorted(engine.step()), sorted([(a, want[2]), (b, alone([5], 2)[1])]), on="the third step()")
expect((engine.step(), engine.busy(), engine.step()), ([(c, alone([6, 7], 1)[0])], False, []),
       on="the fourth step(), busy(), step()", why="both slots are free, the third request runs; then there is nothing to do")
expect([len(rows) for rows in log], [1, 2, 2, 1], on="rows in each call of the model", why="one call a step, with all that run")
### BEGIN HIDDEN TESTS
def steady(arrivals, slots):
    "When each token comes with memory for all: first come, first served."
    free, when = [0] * slots, []
    for start, _, n in arrivals:
        begin = max(heapq.heappop(free), start)
        when.append(list(range(begin, begin + n)))
        heapq.heappush(free, begin + n)
    return when

rng = np.random.default_rng(12)
for size, slots, n in [(4, 1, 3), (3, 4, 9), (16, 3, 8), (1, 5, 7)]:
    arrivals = [(t, rng.integers(0, 90, rng.integers(1, 12)).tolist(), int(rng.integers(1, 9)))
                for t in sorted(rng.integers(0, 14, n).tolist())]
    log = []
    texts, when = serve(Engine(toy_model(size, log), 400, size, slots), arrivals)
    on = f"an engine with blocks of {size} and {slots} slots, {n} requests"
    expect(texts, [alone(p, m) for _, p, m in arrivals], on=f"the tokens of {on}", why="token for token what each gets alone")
    expect(when, steady(arrivals, slots), on=f"the steps in which tokens came, of {on}",
           why="a free slot is filled at the next step")
    assert max(map(len, log)) <= slots, f"{on}: a call of the model with {max(map(len, log))} rows"
arrivals = [(0, [i, 3], 12) for i in range(7)]
for eos in (0, next_token([0, 3]), alone([3, 3], 5)[4]):
    texts, _ = serve(Engine(toy_model(3), 200, 3, 3, eos), arrivals)
    expect(texts, [alone(p, m, eos) for _, p, m in arrivals], on=f"the tokens of 7 requests with eos={eos}",
           why="a request ends with eos, which is streamed, too; 0 is a token like any other")
zero = lambda rows, copies=(): [0] * len(rows)
expect(serve(Engine(zero, 20, 2, 2, 0), [(0, [1], 5), (0, [1], 3)])[0], [[0], [0]], on="a model that says 0, with eos=0")
expect(serve(Engine(zero, 20, 2, 2), [(0, [1], 5), (0, [1], 3)])[0], [[0] * 5, [0] * 3], on="a model that says 0, without eos")
engine = Engine(toy_model(4), 3, 4, 2)
raises(ValueError, engine.submit, [1] * 10, 4, why="13 tokens would need keys, and there is room for 12")
name = engine.submit([1] * 9, 4)
expect([t for _ in range(4) for _, t in engine.step()], alone([1] * 9, 4),
       on="a request that fills the memory to the last place", why="the last token needs no keys")
### END HIDDEN TESTS

# %% graded="Engine__shares" points=3
# Beginnings that are in memory are not computed again; copy-on-write keeps them right.
log = []
engine = Engine(toy_model(4, log), 20, 4, slots=3)
expect(serve(engine, [(0, [1, 2, 3, 4, 5], 3), (4, [1, 2, 3, 4, 5] + alone([1, 2, 3, 4, 5], 3) + [9], 2)])[0],
       [alone([1, 2, 3, 4, 5], 3), alone([1, 2, 3, 4, 5] + alone([1, 2, 3, 4, 5], 3) + [9], 2)],
       on="a conversation of two turns", why="each turn gets what it would get alone")
expect([sum(len(ids) for ids, _, _ in rows) for rows in log], [5, 1, 1, 2, 1], on="tokens computed in each call of the model",
       why="of the second turn only two: 5 + 2 tokens have keys from the first",
       mistakes={"nothing was shared": [5, 1, 1, 9, 1], "only full blocks were shared": [5, 1, 1, 5, 1],
                 "the last token of the first turn, which has no keys, was shared": [5, 1, 1, 1, 1]})
### BEGIN HIDDEN TESTS
def needed(arrivals, slots):
    "Tokens computed in all, with memory for everything: the longest common prefix with what had keys before."
    done, free, total = [], [0] * slots, 0  # done: (step in which it began, prompt, answer)
    for start, prompt, n in arrivals:
        begin = max(heapq.heappop(free), start)
        heapq.heappush(free, begin + n)
        best = 0
        for at, old, answer in done:  # after its k-th step the prompt and k - 1 tokens have keys
            text = old + answer[:max(min(begin - at, len(answer)) - 1, 0)] if begin > at else []
            best = max(best, common_prefix(text, prompt[:-1]))
        total += len(prompt) - best + n - 1
        done.append((begin, prompt, alone(prompt, n)))
    return total

system = list(range(10, 31))
rng = np.random.default_rng(13)
for size, slots, n in [(4, 2, 6), (8, 5, 10), (1, 3, 6), (64, 4, 8)]:
    arrivals, t = [], 0
    for i in range(n):
        t += int(rng.integers(0, 4))
        old = arrivals[rng.integers(len(arrivals))] if i else None
        base = system[:rng.integers(1, 22)] if old is None or rng.random() < 0.4 else old[1] + alone(old[1], old[2])
        arrivals.append((t, base + rng.integers(0, 90, rng.integers(0, 4)).tolist(), int(rng.integers(1, 6))))
    log = []
    texts, _ = serve(Engine(toy_model(size, log), 900, size, slots), arrivals)
    on = f"{n} requests that share beginnings, blocks of {size}, {slots} slots"
    expect(texts, [alone(p, m) for _, p, m in arrivals], on=f"the tokens of {on}", why="shared blocks are not overwritten")
    expect(sum(len(ids) for rows in log for ids, _, _ in rows), needed(arrivals, slots), on=f"tokens computed for {on}",
           why="the longest beginning that has keys in memory, running or ended; at least one token is computed")
stop = alone([3, 3], 3)[2]
answer = alone([3, 3], 9, stop)
log = []  # what ended by eos is kept like others
serve(Engine(toy_model(4, log), 20, 4, 2, stop), [(0, [3, 3], 9), (9, [3, 3, *answer, 9], 1)])
expect([sum(len(ids) for ids, _, _ in rows) for rows in log], [2] + [1] * (len(answer) - 1) + [2],
       on=f"tokens computed in each call, of two turns with eos={stop}",
       why="the first turn's text stands in memory up to eos, whose keys were never computed")
log = []  # two equal prompts in one step: neither has keys yet; the third comes later
texts, _ = serve(Engine(toy_model(4, log), 40, 4, 4), [(0, system, 4), (0, system, 6), (2, system, 3)])
expect(texts, [alone(system, 4), alone(system, 6), alone(system, 3)], on="the same prompt three times, blocks of 4")
expect([sum(len(ids) for ids, _, _ in rows) for rows in log], [42, 2, 3, 3, 2, 1], on="tokens computed in each call",
       why="what is written in this step cannot be shared in this step")
### END HIDDEN TESTS

# %% graded="Engine__memory" points=3
# Little memory: ended sequences go first, then the latest request gives way and is computed again.
log = []
arrivals = [(0, [1, 2, 3], 6), (0, [4, 5, 6], 6), (0, [7, 8, 9], 2)]
texts, when = serve(Engine(toy_model(2, log), 5, 2, slots=3), arrivals)
expect(texts, [alone(p, m) for _, p, m in arrivals], on="three requests in 5 blocks of 2, where two have no room to the end",
       why="whoever gives way is computed again, and streams each token once")
### BEGIN HIDDEN TESTS
expect(when[0], [0, 1, 2, 3, 4, 5], on="the steps in which the first of them got its tokens",
       why="the oldest request never waits")
expect([[len(ids) for ids, _, _ in sorted(rows, key=lambda row: row[2] == 0)] for rows in log][:3], [[3, 3], [1, 1], [1]],
       on="new tokens of each row, in the first three calls",
       why="in the third step no block is free for the second request: it gives way")
def fits(log, num_blocks, size):
    "Rows that run together hold no more than there is, and each has room for its own tokens."
    for rows in log:
        for ids, table, past in rows:
            assert len(table) == -(-(past + len(ids)) // size) and all(0 <= b < num_blocks for b in table), (
                f"a row with {past} + {len(ids)} tokens has the block table {table}, blocks of {size}")
        held = len({b for _, table, _ in rows for b in table})
        assert held <= num_blocks, f"{held} blocks in use, there are {num_blocks}"

rng = np.random.default_rng(14)
for seed, (num_blocks, size, slots, n) in enumerate([(5, 4, 4, 6), (9, 2, 5, 8), (20, 1, 6, 7), (7, 3, 8, 8), (4, 16, 3, 6)]):
    arrivals, t = [], 0
    for i in range(n):
        t += int(rng.integers(0, 3))
        room = num_blocks * size
        prompt = rng.integers(0, 3, rng.integers(1, room // 2)).tolist()
        arrivals.append((t, prompt, int(rng.integers(1, min(room - len(prompt) + 2, 12)))))
    log = []
    texts, when = serve(Engine(toy_model(size, log), num_blocks, size, slots), arrivals)
    on = f"{n} requests in {num_blocks} blocks of {size}, {slots} slots"
    expect(texts, [alone(p, m) for _, p, m in arrivals], on=f"the tokens of {on}", why="however often a request gave way")
    firsts = [steps[0] for steps in when]
    expect(firsts, sorted(firsts), on=f"the step of each first token, of {on}", why="first come, first served")
    expect(when[0], list(range(when[0][0], when[0][0] + len(when[0]))), on=f"the steps of the first request, of {on}",
           why="the oldest never gives way")
    fits(log, num_blocks, size)
def pressed(arrivals, num_blocks, size, slots):
    "When tokens come, and how many are computed in each step, by counting blocks; for texts that share nothing."
    def blocks(i):
        return -(-(len(arrivals[i][1]) + len(when[i])) // size)
    when, computed, step = [[] for _ in arrivals], [], 0
    queue, held, todo = deque(), {}, deque(range(len(arrivals)))  # held: blocks of each running request
    while todo or queue or held:
        while todo and arrivals[todo[0]][0] <= step:
            queue.append(todo.popleft())
        for i in sorted(held):
            while i in held and sum(held.values()) - held[i] + blocks(i) > num_blocks:
                queue.appendleft(max(held))
                del held[max(held)]
            if i in held:
                held[i] = blocks(i)
        tokens = len(held)
        while queue and len(held) < slots and sum(held.values()) + blocks(queue[0]) <= num_blocks:
            i = queue.popleft()
            held[i] = blocks(i)
            tokens += len(arrivals[i][1]) + len(when[i])
        for i in list(held):
            when[i].append(step)
            if len(when[i]) == arrivals[i][2]:
                del held[i]
        computed += [tokens] if tokens else []
        step += 1
    return when, computed

rng = np.random.default_rng(15)
for num_blocks, size, slots, n in [(6, 2, 4, 9), (11, 3, 5, 12), (25, 1, 6, 10), (7, 4, 4, 9), (5, 3, 8, 9)]:
    room, arrivals = num_blocks * size, []
    for i, t in enumerate(sorted(rng.integers(0, 8, n).tolist())):
        prompt = [i, *rng.integers(0, 3, rng.integers(0, room // 3)).tolist()]  # no two begin alike
        arrivals.append((t, prompt, int(rng.integers(1, min(room - len(prompt) + 2, 12)))))
    log = []
    _, when = serve(Engine(toy_model(size, log), num_blocks, size, slots), arrivals)
    on = f"{n} requests without a common beginning, {num_blocks} blocks of {size}, {slots} slots"
    want = pressed(arrivals, num_blocks, size, slots)
    expect(when, want[0], on=f"the steps in which tokens came, of {on}", why="first grow, then admit; who runs gives way only "
           "where a block is lacking, the latest first, and is admitted again as soon as its text has room")
    expect([sum(len(ids) for ids, _, _ in rows) for rows in log], want[1], on=f"tokens computed in each call, of {on}",
           why="a newcomer's whole text, one token of each other")
log = []  # whoever gives way may come back in the same step, if it now shares enough
_, when = serve(Engine(toy_model(2, log), 4, 2, 2), [(0, [1] * 4, 3), (0, [1] * 4, 3)])
expect((when, [sorted(len(ids) for ids, _, _ in rows) for rows in log]), ([[0, 1, 2]] * 2, [[4, 4], [1, 1], [1, 1]]),
       on="the steps in which tokens came, and new tokens of each row, of two equal prompts in 4 blocks of 2",
       why="in the second step the later one gives way, finds four tokens of the other, and has room for the fifth")
log = []  # the same with more of its own text
_, when = serve(Engine(toy_model(2, log), 5, 2, 2), [(0, [1] * 3, 5), (0, [1] * 3, 5)])
expect((when, [sorted(len(ids) for ids, _, _ in rows) for rows in log]), ([[0, 1, 2, 3, 4]] * 2, [[3, 3]] + [[1, 1]] * 4),
       on="the steps in which tokens came, and new tokens of each row, of two equal prompts in 5 blocks of 2",
       why="whoever gives way comes back with prompt and answer as one text, and all of it may be shared")
log = []  # what is shared needs no room
_, when = serve(Engine(toy_model(2, log), 5, 2, 2), [(0, [9, 9], 1), (1, [1] * 7, 3), (2, [1] * 7 + [5], 1)])
expect((when, [sorted(len(ids) for ids, _, _ in rows) for rows in log]), ([[0], [1, 2, 3], [2]], [[2], [7], [1, 1], [1]]),
       on="the steps in which tokens came, and new tokens of each row, of three requests in 5 blocks of 2",
       why="the third shares seven tokens and lacks one block: the ended sequence is freed for it, and it is admitted")
log = []
serve(Engine(toy_model(2, log), 5, 2, 1), [(0, [9, 9], 1), (0, [1] * 6, 1), (0, [1] * 6 + [5], 1), (0, [9, 9, 7], 1)])
expect([len(rows[0][0]) for rows in log], [2, 6, 1, 1], on="tokens computed by an engine of one slot and 5 blocks of 2",
       why="the third request shares three blocks and takes the last free one: nothing is lacking, so nobody is freed")
log = []  # being shared does not make an ended sequence younger
serve(Engine(toy_model(2, log), 6, 2, 1),
      [(0, [1] * 3, 1), (0, [2] * 3, 1), (0, [1, 1, 1, 5], 1), (0, [3] * 4, 1), (0, [2, 2, 2, 7], 1)])
expect([len(rows[0][0]) for rows in log], [3, 3, 1, 4, 1], on="tokens computed by an engine of one slot and 6 blocks of 2",
       why="the fourth request lacks a block: the first goes, which ended first, though the third began with it")
engines, texts = [Engine(toy_model(2), 9, 2, 2) for _ in range(2)], [[], []]  # side by side
for k, engine in enumerate(engines):
    engine.submit([5, 6, 7], 3 + k)
while any(engine.busy() for engine in engines):
    for k, engine in enumerate(engines):
        texts[k] += [token for _, token in engine.step()]
expect(texts, [alone([5, 6, 7], 3), alone([5, 6, 7], 4)], on="two engines, step by step in turn", why="engines share nothing")
log = []  # one ended sequence is kept, the older one goes; then the kept one helps
texts, _ = serve(Engine(toy_model(2, log), 6, 2, 1),
                 [(0, [1, 1, 1], 2), (0, [2, 2, 2], 2), (0, [3, 3, 3, 3], 2), (0, [2, 2, 2, 5], 1)])
expect([len(rows[0][0]) for rows in log], [3, 1, 3, 1, 4, 1, 1],
       on="tokens computed by an engine of one slot and 6 blocks of 2",
       why="the third request needs three blocks: the sequence that ended first goes, the second is still there for the fourth")
log = []  # who was submitted first ends last
serve(Engine(toy_model(2, log), 7, 2, 2), [(0, [1, 1, 1], 4), (0, [2, 2, 2], 1), (4, [3] * 5, 2), (6, [1, 1, 1, 9], 1)])
expect([sum(len(ids) for ids, _, _ in rows) for rows in log], [6, 1, 1, 1, 5, 1, 1],
       on="tokens computed by an engine of two slots and 7 blocks of 2",
       why="the second request ended first, so its blocks go; those of the first are there for the last prompt")
arrivals = [(0, [1], 4), (0, [2], 4), (0, [3], 4), (0, [4], 1), (0, [5], 2)]  # two end; three grow into what they held
texts, when = serve(Engine(toy_model(2), 7, 2, 5), arrivals)
expect((texts, when), ([alone(p, m) for _, p, m in arrivals], [list(range(m)) for _, _, m in arrivals]),
       on="tokens, and the steps in which they came, of five requests in 7 blocks of 2",
       why="there is room for all who run once the ended are freed: nobody gives way")
for num_blocks, size, slots, arrivals in [  # a block that is copied again in the same step, or taken anew
        (4, 4, 5, [(0, [1] * 4, 3), (3, [1, 1, 1, 2, 2, 2, 1], 2), (3, [1, 1], 3), (3, [1, 1], 3)]),
        (6, 3, 4, [(0, [1, 2, 0], 4), (0, [1] * 5 + [2], 3), (0, [1] * 7 + [0], 2), (1, [1, 1], 4)]),
        (9, 4, 2, [(0, [1, 1, 1, 2, 0, 1, 1, 0, 2], 2), (2, [1, 1, 1, 2, 2, 0, 0, 1, 2, 2] + [1] * 5, 3),
                   (5, [1] * 17, 1), (5, [1, 0, 0], 2)])]:
    texts, _ = serve(Engine(toy_model(size), num_blocks, size, slots), arrivals)
    expect(texts, [alone(p, m) for _, p, m in arrivals], on=f"the tokens of 4 requests in {num_blocks} blocks of {size}",
           why="copies are made in the order in which their blocks were taken")
engine = Engine(toy_model(2), 6, 2, 1)
for turn in range(30):  # nothing leaks, however many requests come and go
    prompt = rng.integers(0, 90, 1 + turn % 9).tolist()
    name = engine.submit(prompt, 3)
    got = [pair for _ in range(3) for pair in engine.step()]
    expect(got, [(name, t) for t in alone(prompt, 3)], on=f"request {turn} of one engine with 6 blocks of 2")
### END HIDDEN TESTS

# %% tags=["picture"]
serving.timeline(Engine, toy_model)

# %% [markdown]
# Every row is a request, every column a step. Dots are steps in the queue, and where a request gave way the line has a
# gap. With less memory the same traffic takes longer, and every answer is still the same.
#
# **And now with a model that speaks.** SmolLM2's keys and values stand in blocks, which `serving.paged` hands to the
# model through your `paged_gather`; your engine decides the rest. Eight requests of 20 tokens, all there at the
# start, in float32: first one slot, then eight. The cell takes about 20 seconds; your `latency_metrics` makes the
# table. Goodput counts who has TTFT ≤ 3 s and TPOT ≤ 1 s.

# %% tags=["real"]
from course.models.smollm import END, attempt, chat, load

with attempt():  # without the model, or without your functions, it says so
    smollm, tokenizer = load()
    questions = ["Name a sea animal.", "What is a token?", "Say hello in French.",
                 "Why is the sky blue?", "What is 2 + 3?", "Name three colours.",
                 "What is a poem?", "Where does rain come from?"]
    prompts = [chat(tokenizer, question) for question in questions]
    texts = serving.one_by_one_and_together(Engine, paged_gather, latency_metrics, smollm,
                                            prompts, max_new=20)
    print(tokenizer.decode(texts[0]).split(END)[0])  # here nobody stops at the end of a turn

# %% [markdown]
# Compare the columns. Together, the tokens of each request come more slowly, and still the throughput is a multiple:
# a step for eight is far cheaper than eight steps. TTFT has two parts. The prefill of eight prompts at once takes
# longer than that of one; but who is last in the queue no longer waits for seven whole answers. The last lines count
# what was shared: all prompts begin with the same few tokens of the chat template. One after the other, each finds
# them in memory; all in one step, nobody does, since nothing has been written yet.
#
# ## 6 · The experiment: what warns you?
#
# Requests arrive at random (a Poisson process) at a server with 16 slots; answers have 50 tokens on average, spread
# geometrically, as when each token ends the answer with the same probability. *Load* is the share of the slots that
# the traffic needs on average. We run your `simulate_continuous` on 40,000 requests at each of five loads, and look
# at two things: the share of slots in use, and how long a request waits for a slot, at the 99th percentile. It takes
# about 3 seconds.
#
# **Predict before you run it.** From load 0.70 to load 0.95 the share of slots in use grows 1.36-fold. By which factor
# does the p99 wait grow? `"less than 1.5"`, `"1.5 to 3"` or `"more than 3"`. One point for committing, one for being
# right.

# %% stub="prediction"
prediction: str | None = None  # "less than 1.5", "1.5 to 3" or "more than 3"
### BEGIN SOLUTION
prediction = "more than 3"
### END SOLUTION

# %% graded="prediction__committed" points=1
# You committed to a bucket.
committed(prediction, options=["less than 1.5", "1.5 to 3", "more than 3"])

# %% graded="prediction__right" points=1
# The bucket is the one that the experiment shows.
committed(prediction, options=["less than 1.5", "1.5 to 3", "more than 3"])
### BEGIN HIDDEN TESTS
predicted(prediction, "more than 3", "Who arrives while all slots are taken waits, and so do all who come before one is free.")
### END HIDDEN TESTS

# %% tags=["experiment"]
def waits(load, seed=0, slots=16, mean=50, n=40_000):
    "The steps that each request waits for a slot, and the share of slots in use."
    rng = np.random.default_rng(seed)
    lengths = rng.geometric(1 / mean, n)
    arrivals = np.cumsum(rng.exponential(mean / (slots * load), n)).astype(int)
    makespan, latency = simulate_continuous(lengths.tolist(), slots, arrivals.tolist())
    return np.array(latency) - lengths, lengths.sum() / (slots * makespan)


table = serving.waits_by_load(waits, prediction=prediction)

# %% [markdown]
# - Between the last two loads the slots in use hardly move, and the wait does. Whoever scales at "utilisation over 80
#   %" of anything is warned by a number that says little about what users feel.
# - The wait depends on the *spread* of the traffic, too: with the same load and burstier arrivals it is longer. So the
#   limit belongs on the wait itself: requests in the queue, or TTFT against its objective.
# - The intervals are over five runs. At load 0.95 they are wide: the queue of a server near its limit remembers for a
#   long time, and a short load test shows almost anything.
#
# ## 7 · Feel it: slots, traffic, lengths
#
# Choose the arrival rate, the number of slots and how answer lengths are spread. The picture shows how many wait and
# how many run, by your `simulate_continuous`; the words give throughput against the static server. Find a rate at
# which the static server collapses and the continuous one does not.

# %% tags=["widget"]
serving.widget(simulate_static, simulate_continuous)

# %% [markdown]
# ## 8 · Say it: the written question
#
# A person reads this answer (in a study group, you do, with the marking scheme).

# %% [markdown] question="thousand_qps"
# You serve **Llama-3-8B** in BF16 (8.03 billion parameters, 131,072 bytes of cache a token) on **H100** GPUs (80 GB,
# 3.35 TB/s, 989 TFLOP/s in BF16) at **1,000 queries a second**. Prompts have 1,500 tokens, of which the first 1,000
# are the same for everybody; answers have 300. Objectives: TTFT ≤ 1 s, TPOT ≤ 50 ms, both at p99. Write, in about 15
# lines:
#
# 1. Memory: how many requests fit at once into 90 % of a GPU, without any sharing?
# 2. The roofline of a decode step at batch 200, with 1,650 tokens of cache each: bytes, time, regime, tokens per
#    second.
# 3. How many GPUs, if half of the roofline is reached in decoding and in prefill: without prefix caching, with it, and
#    with 30 % headroom? Check the room by Little's law.
# 4. A colleague proposes: "4-bit weights and speculative decoding; scale out when GPU utilisation is over 80 %; a
#    semantic cache that hits at similarity 0.95". Answer each.
#
# === BEGIN MARK SCHEME ===
#
# 1 point each:
#
# - **Memory**: 0.9 · 80 GB − 16.06 GB = 55.9 GB; 1,800 tokens at the end are 236 MB each: 237 requests. (With the
#   shared 1,000 tokens kept once, some 2.25 times as many; either is right if it says which.)
# - **Roofline**: 16.1 GB of weights + 200 · 216 MB = 59.3 GB, 17.7 ms; 2 · 8.03e9 · 200 = 3.2e12 operations, 3.2 ms:
#   memory-bound, 11,300 tokens a second at most, TPOT 17.7 ms at best.
# - **GPUs**: prefill 0.5 · 989e12 / (2 · 8.03e9) = 30,800 tokens a second, decoding 5,650. Without sharing 1,500,000
#   / 30,800 + 300,000 / 5,650 = 48.7 + 53.1 = 102 GPUs; with 1,000 of 1,500 tokens shared 16.2 + 53.1 = 70 (69.4
#   rounded up); with headroom / 0.7: 146 and 100. Little: TPOT 35 ms · 300 = 10.6 s, so 10,600 requests at once, 53
#   GPUs at 200 slots: room does not decide. (Half a point with one slip.)
# - **Proposals**: at batch 200 reading caches is what takes time (43 of 59 GB), so 4-bit weights save a fifth at most
#   and cost the conversion; FP8 for weights and cache is the better lever; speculation competes for the batch at high
#   load. Utilisation is no signal: queue, KV-cache use, TTFT and TPOT are, ahead of the time that a replica takes to
#   load. 0.95 is not calibrated: a negation or another name may be as similar; partition by tenant; exact prefix
#   caching is safe and comes first. (Half a point for two of three.)
#
# === END MARK SCHEME ===

# %% [markdown] written="thousand_qps" points=4
# ### BEGIN SOLUTION
# 1. 0.9 * 80 GB - 8.03e9 * 2 bytes = 72 - 16.1 = 55.9 GB for blocks. A request ends at 1,800 tokens * 131,072 bytes =
#    236 MB, so 237 fit; more, since most are not at their end, and more than twice as many when the common 1,000
#    tokens stand there once.
# 2. Bytes: 16.1 GB + 200 * 1,650 * 131,072 = 16.1 + 43.3 = 59.3 GB, over 3.35 TB/s 17.7 ms. Operations: 2 * 8.03e9 *
#    200 = 3.2e12, 3.2 ms. Memory-bound; 200 / 17.7 ms = 11,300 tokens a second at most.
# 3. Half of it: decoding 5,650 tokens a second, prefill 0.5 * 989e12 / 16.06e9 = 30,800. Work: 1,000 * (1,500 /
#    30,800 + 300 / 5,650) = 48.7 + 53.1 = 102 GPUs. With prefix caching 500 tokens are left of each prompt: 16.2 +
#    53.1, that is 70. Headroom of 30 %: 102 / 0.7 = 146, 69.4 / 0.7 = 100. Little: 300 tokens * 35 ms = 10.6 s,
#    10,600 requests at once, 53 GPUs with 200 slots: less than the work needs. 35 ms keeps the TPOT objective;
#    chunked prefill keeps newcomers from stretching it; route by prefix.
# 4. 4-bit weights save at most 12 of 59 GB here, and the conversion costs arithmetic; an FP8 cache saves 21.6 GB.
#    Speculative decoding helps small batches; make it adaptive or leave it out. GPU utilisation is near 100 % with
#    one request: scale on waiting requests, cache use and TTFT, early, since loading a replica takes time. A
#    similarity of 0.95 is no proof of equal meaning ("with" and "without"); it needs calibration and a partition by
#    tenant. Prefix caching is exact.
# ### END SOLUTION

# %% [markdown]
# ## 9 · Say it: interview cards
#
# Two names for the first card. **vLLM** is the engine of PagedAttention; its paper reports 2 to 4 times the
# throughput of FasterTransformer and Orca at equal latency. **TGI** (Text Generation Inference) is Hugging Face's
# server. Say your answer aloud, then unfold.

# %% [markdown] card="12.1" level="basic"
# <details><summary>vLLM or TGI: when would you use which?</summary>
#
# - Dated question: TGI has been in maintenance mode since December 2025, and its own README points to vLLM, SGLang and
#   llama.cpp.
# - So for a GPU service today: vLLM or SGLang; both have continuous batching, paged memory, prefix caching. llama.cpp
#   for a laptop or CPU.
# - "Best throughput" depends on the traffic: lengths, shared prefixes, batch, model, hardware. vLLM's own paper
#   claims 2–4 times over FasterTransformer and Orca *at equal latency*, not over everything.
# - How to choose: replay your own traffic, compare goodput under your SLO, then features (model support, LoRA,
#   constrained output, metrics) and who will run it.
#
# </details>

# %% [markdown] card="12.2" level="medium"
# <details><summary>What is continuous batching, and why does it matter?</summary>
#
# - Scheduling at every step instead of every batch: who has ended leaves, who waits takes the slot (Orca, 2022).
# - Static batching pads to the longest answer of the batch, not to the maximum; its slots idle until that one ends,
#   and newcomers wait for it.
# - The gain is those idle slots, so it depends on the spread of answer lengths: 1.0 for equal lengths, about 1.9 for
#   uniform ones, 3 and more where a few are very long. "2–10 times" is no constant.
# - It needs paged memory to be practical, since nobody knows how long a newcomer will get.
# - It does not speed up a single request: in a fuller batch each TPOT gets a little worse. And prefill of newcomers
#   holds up those who decode, hence chunked prefill.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>What exactly does PagedAttention save, and what not?</summary>
#
# - Memory: blocks instead of one stretch for the longest possible answer; waste is less than one block a sequence.
# - That memory becomes batch, and batch becomes throughput, as long as decoding is memory-bound.
# - Sharing: tables that name the same blocks, reference counts, copy-on-write for the part-filled last block.
# - Not saved: bytes that attention reads (each sequence reads its cache at each step), and no accuracy is traded: it
#   is exact.
# - The costs: an indirection in the kernel, and bookkeeping on the CPU at every step.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>How does prefix caching work, and what can go wrong?</summary>
#
# - Full blocks are kept under a hash chained over all tokens before them; a prompt takes its longest known beginning
#   and computes the rest, at least its last token.
# - It saves prefill, so TTFT, and memory where users share. It saves no decode step's work.
# - Wrong key: a block's own tokens only. Then keys that saw another past are reused, and answers are quietly wrong.
# - Prompt order: a timestamp at the top of a system prompt makes every request miss.
# - Many servers: route by prefix, or each warms its own cache; balance against load.
# - Tenants: hits show in TTFT, so salt the first key.
#
# </details>

# %% [markdown] card="" level="killer"
# <details><summary>Throughput doubled after a change, and users complain. What happened, and what do you measure?</summary>
#
# - Throughput counts tokens, not kept promises: a larger batch or longer prefills raise it while TPOT and TTFT leave
#   their limits. Goodput under the SLO counts.
# - Look at p99 of TTFT and TPOT over requests (never averages of p99s), split by prompt length; at ITL gap by gap,
#   since TPOT averages stalls away; at the queue; at preemptions (each recomputes a whole text); at KV-cache use.
# - Levers: a cap on the batch, chunked prefill, disaggregation of prefill and decode, admission by free blocks,
#   priority for short prompts, prefix hits, more replicas.
# - Autoscale on waiting requests and TTFT. GPU utilisation shows nearly 100 % from the first request on.
#
# </details>

# %% [markdown] card="12.3" level="killer"
# <details><summary>Design LLM serving infrastructure for 1000 queries per second.</summary>
#
# - **Numbers first.** 1,000 QPS · 300 answer tokens = 300,000 tokens a second; at an assumed 2,500 per GPU that is
#   120 GPUs for decoding, before prefill and headroom. Little: 1,000 QPS · 8 s = 8,000 requests at once; do their
#   caches fit?
# - **Path.** Gateway (authentication, limits per tenant) → router (by prefix and by load) → replicas with continuous
#   batching, paged memory, prefix cache, chunked prefill; prefill and decode on GPUs of their own where both are
#   large. Answers stream.
# - **Levers by regime.** At this load decode runs at large batch: FP8 weights and cache, W8A8. 4-bit weights and
#   speculative decoding pay at small batch and can cost here.
# - **Caches.** Exact prefix caching first, salted by tenant. Semantic caching only calibrated and partitioned: at
#   0.95 a negation still hits.
# - **Scaling.** On waiting requests, KV-cache use, TTFT and TPOT against the SLO; not on GPU utilisation. Ahead of the
#   peak: loading a replica takes minutes. Overload: refuse early, rather than let all wait.
# - **Failure.** A replica that dies loses its caches: the router sends its requests anew, others recompute. Watch
#   preemptions, p99, goodput.
#
# </details>

# %% [markdown]
# ## 10 · Sources
#
# Orca: Yu et al., OSDI 2022. BatchMaker: Gao et al., EuroSys 2018. PagedAttention and vLLM: Kwon et al., arXiv
# 2309.06180. SGLang and RadixAttention: Zheng et al., 2312.07104. Chunked prefill: Sarathi-Serve, Agrawal et al.,
# 2403.02310. Disaggregation and goodput: DistServe, Zhong et al., 2401.09670. Roofline: Williams, Waterman,
# Patterson, Communications of the ACM 2009. Little's law: Little, Operations Research 1961. TGI: its README,
# https://github.com/huggingface/text-generation-inference.
