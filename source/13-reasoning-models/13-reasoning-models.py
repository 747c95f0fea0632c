# %% [markdown]
# # 13 · Reasoning models: learning from right traces
#
# After this section you can answer, with numbers and with code that you wrote:
#
# - What is a reasoning model, and what is different in training, serving and price?
# - How is a thought told from an answer, also when it streams, is cut off, or was opened by the template?
# - When are two answers the same, and what gets past a check of answers alone?
# - Why do written steps make a task learnable, and which tokens of a trace are learnt?
# - How does a model learn from its own right traces, and what does a thought cost in seconds?
#
# Eight exercises. The last lets a small student write, check, filter and learn its own traces. It takes about three
# hours; the end of part 3 is a good place to stop. It builds on cross-entropy and next-token prediction; no other
# section is needed. Votes over several answers belong to section 22, distillation on logits to section 25, routing of
# experts to section 19, reinforcement learning to section 18.

# %% [markdown] house_rules

# %% [markdown]
# **Letters.** B sequences, n bits or tokens, k samples a question. A *trace* is what a model writes before its
# answer; a *thought* is the trace between its tags. SFT is supervised fine-tuning, RL reinforcement learning, CoT
# chain of thought, MoE mixture of experts, KV the cached keys and values of attention. **Units.** 1 GB is 10⁹
# bytes; BF16 (bfloat16) takes 2 bytes a number.

# %% setup
import random
import re
from fractions import Fraction

import torch
from jaxtyping import Int
from torch import Tensor

from course.check import check, committed, expect, fresh, predicted, raises, steps, unchanged

torch.set_num_threads(1)
OPEN, CLOSE = "<think>", "</think>"
# (parameters in memory, parameters read for one token, bits of each)
QWEN3_8B = [(7_568_000_000, 7_568_000_000, 16), (622_000_000, 0, 16)]  # last: embedding, one row read
GPT_OSS_120B = [(114_661_785_600, 3_583_180_800, 4.25), (1_550_000_000, 1_550_000_000, 16),
                (579_000_000, 0, 16)]
Pool = dict[str, list[tuple[str, str]]]  # question -> its (thought, answer) pairs

# %% tags=["picture"]
from course.sections import reasoning_models

# %% helper
### BEGIN HIDDEN TESTS
def split_slowly(text, inside=False):
    "The oracle of thoughts and answers: one character at a time; (blocks, text outside)."
    blocks, outside, i = [""] if inside else [], "", 0
    while i < len(text):
        tag = "</think>" if inside else "<think>"
        if text[i:i + len(tag)] == tag:
            inside = not inside
            i += len(tag)
            blocks += [""] if inside else []
            continue
        if inside:
            blocks[-1] += text[i]
        else:
            outside += text[i]
        i += 1
    return blocks, outside


def parsed(text):
    "The oracle of parse_think."
    first_open, first_close = text.find("<think>"), text.find("</think>")
    prefilled = first_close >= 0 and (first_open < 0 or first_close < first_open)
    blocks, outside = split_slowly(text, prefilled)
    return "\n".join(b.strip() for b in blocks if b.strip()), outside.strip()


class Listener:
    "The oracle of ThinkStream: what is certain is found by trying, not by holding a tail."
    def __init__(self, budget=None, inside=False):
        self.budget, self.start, self.text, self.told, self.count = budget, inside, "", ["", ""], 0

    def now(self, text):
        "(thought, answer, inside, text since the last tag)"
        opened, last = self.start, 0
        blocks, outside = split_slowly(text, opened)
        for tag in re.finditer("</?think>", text):
            if tag[0] == ("</think>" if opened else "<think>"):
                opened, last = not opened, tag.end()
        return "".join(blocks), outside, opened, text[last:]

    def feed(self, piece):
        was = self.now(self.text)[2]
        self.text += piece
        thought, answer, inside, tail = self.now(self.text)
        self.count += was and inside
        tag, side = ("</think>", 0) if inside else ("<think>", 1)
        sides = [thought, answer]
        held = max((i for i in range(len(tag)) if tail.endswith(tag[:i])), default=0)
        sides[side] = sides[side][:len(sides[side]) - held]
        new = tuple(now[len(old):] for now, old in zip(sides, self.told))
        self.told = sides
        return new

    def finish(self):
        thought, answer, *_ = self.now(self.text)
        return thought[len(self.told[0]):], answer[len(self.told[1]):]

    def over(self):
        return self.budget is not None and self.count >= self.budget and self.now(self.text)[2]


def shown_calls(pieces, budget=None, inside=False, ask=True):
    "The calls of a whole stream with what each gives; ask: `over` after each piece, too."
    oracle, calls = Listener(budget, inside), []
    calls += [("over", (), oracle.over())] * ask
    for piece in pieces:
        calls += [("feed", (piece,), oracle.feed(piece)), *[("over", (), oracle.over())] * ask]
    return [*calls, ("finish", (), oracle.finish())]


def batched(examples, max_len, open_id, close_id, eos_id, pad_id):
    "The oracle: rows as lists."
    rows = [(i, len(p), [*p, open_id, *t, close_id, *a, eos_id]) for i, (p, t, a) in enumerate(examples)]
    rows = [r for r in rows if len(r[2]) <= max_len]
    wide = max([len(r[2]) for r in rows], default=0)
    ids = [row + [pad_id] * (wide - len(row)) for _, _, row in rows]
    labels = [[-100] * p + row[p:] + [-100] * (wide - len(row)) for _, p, row in rows]
    wanted = [torch.tensor(x, dtype=torch.long).reshape(len(rows), wide) for x in (ids, labels)]
    return (*wanted, [r[0] for r in rows])


def filtered(samples, verify, cap):
    "The oracle of rejection_filter, one sample at a time."
    kept = {}
    for question, thought, answer in samples:
        words = thought.split()
        if words and verify(question, thought, answer):
            same = kept.setdefault(question, {})
            same[tuple(words)] = min(same.get(tuple(words), (thought, answer)), (thought, answer))
    out = {}
    for question, same in kept.items():
        order = sorted(same, key=lambda words: (len(words), *same[words]))
        chosen = [same[words] for words in order[:len(order) if cap is None else cap]]
        if chosen:
            out[question] = chosen
    return out


def slow_time(parts, prompt, think, answer, bandwidth, flops, kv_bytes):
    "The oracle of answer_time, token by token."
    clock = 2 * sum(a for _, a, _ in parts) * prompt / flops
    times = []
    for j in range(think + answer):
        if j:
            clock += (sum(a * bits / 8 for _, a, bits in parts) + kv_bytes * (prompt + j)) / bandwidth
        times.append(clock)
    return sum(t * bits / 8 for t, _, bits in parts), times[think], times[-1]


def as_number(text):
    "The oracle of same_answer's numbers, by hand; None where it is text."
    sign = 1
    if text[:1] in ("+", "-"):
        sign, text = -1 if text[0] == "-" else 1, text[1:]
    hundred = 1
    if text.endswith("%"):
        text, hundred = text[:-1].removesuffix("\\").rstrip(), 100
    whole, dot, part = text.partition(".")
    groups = whole.split(",")
    if len(groups) > 1 and (not 1 <= len(groups[0]) <= 3 or any(len(g) != 3 for g in groups[1:])):
        return None
    digits = "".join(groups)
    if any(c not in "0123456789" for c in digits + part) or not digits + part or (len(groups) > 1 and not digits):
        return None
    return sign * Fraction(int(digits + part), 10 ** len(part) * hundred)


def schooled(school, base, problems, rounds, k, cap, right):
    "The oracle of self_train: (model, history); the school remembers what should be asked and taught."
    model, everything, history = base, [], []
    for _ in range(rounds):
        drawn = []
        for question, texts in zip(problems, school.generate(model, list(problems), k)):
            drawn += [(question, *parsed(text)) for text in texts]
        everything += drawn
        pool = filtered(everything, right, cap)
        if pool:
            model = school.train(base, pool)
        history.append((len(drawn), sum(bool(right(*s)) for s in drawn), sum(len(rows)
                                                                             for rows in pool.values())))
    return model, history


def lesson(self_train, table, base, problems, rounds, k, cap=None, right=None, given=None, why=""):
    "Expects that self_train answers, asks and teaches as the oracle does; `right` of a sample where `given` is None."
    ours, theirs = School(table, base), School(table, base)
    want = schooled(ours, base, problems, rounds, k, cap, given or right)
    check(self_train, base, lambda m, q, k: theirs.generate(m, q, k), lambda b, p: theirs.train(b, p),
          dict(problems),
          rounds, k, cap, given, want=want, why=why)
    on = f"self_train from {base!r} with k = {k}, cap = {cap}, rounds = {rounds}"
    expect(theirs.asked, ours.asked, on=on + ": the calls of generate (model, questions, k)", why=why)
    expect(theirs.lessons, ours.lessons, on=on + ": the calls of train (start, pool)", why=why)


class School:
    "Scripted models for self_train: model m answers by table[m]; training is counted."
    def __init__(self, table, base):
        self.table, self.base, self.asked, self.lessons = table, base, [], []

    def generate(self, model, questions, k):
        self.asked.append((model, list(questions) if isinstance(questions, (list, tuple)) else questions, k))
        return [list(self.table[model][q]) for q in questions]

    def train(self, start, pool):
        self.lessons.append((start, {q: [tuple(t) for t in rows] for q, rows in pool.items()}))
        return f"{start}+{len(self.lessons)}"
### END HIDDEN TESTS

# %% [markdown]
# ## 1 · A thought and an answer
#
# A *reasoning model* is a language model that was trained to write a long trace before it answers. The architecture
# is the usual one. What differs:
#
# | | standard model | reasoning model |
# |---|---|---|
# | output | the answer | a thought, then the answer |
# | training | next tokens, SFT, preferences | on top: RL or SFT on traces whose answers were checked |
# | cost | grows with the answer | grows with the thought, often many times the answer |
# | good for | chat, extraction, knowledge | mathematics, code, plans: what can be checked |
#
# The format is a convention of the training data. DeepSeek-R1 writes `<think>` … `</think>` and then the answer: a
# *pair* of tags. (The guide prints one tag, `<think/>`, which nothing uses.) Qwen3 and Kimi K2 Thinking write the
# same pair; GPT-OSS has markers of its own: channels named *analysis* and *final*. Templates drop old thoughts from
# the history of a conversation, as a rule.
#
# **Hidden?** DeepSeek's interface returns the thought openly, in a field beside the answer. OpenAI's shows a
# summary at most. Neither iterates in secret: what is called thinking is tokens, written one after the other, and
# paid for.
#
# **Which models?** Names mislead. *Kimi K2-Instruct* (July 2025, 128K tokens of context) is no reasoning model: its
# own README calls it a reflex-grade model without long thinking. *Kimi K2 Thinking* (November 2025, 256K) is one.
# Both are MoE models of 1,000 billion parameters, of which 32 billion work for a token: 8 of 384 experts and one
# shared, in 61 layers.
#
# **The catch.** Text is not tidy. Three things happen daily: the budget of tokens ends inside the thought, so
# `</think>` never comes; the template already wrote `<think>` into the prompt, so the output holds the closing tag
# alone; a model opens a second block after its answer. A regular expression for the tidy case leaks thoughts to
# users, or loses answers.

# %% tags=["picture"]
reasoning_models.four_outputs()

# %% [markdown]
# ### Exercise 13.1 · parse_think
#
# `parse_think(text) -> (thought, answer)`: two strings.
#
# - Reading goes from left to right and begins outside, with one exception: if the text has a `</think>` with no
#   `<think>` anywhere before it, the template had opened the block, and reading begins *inside*.
# - Outside, `<think>` opens a block; inside, `</think>` closes it. The tags go. A `<think>` inside a block is text
#   of the thought; a later `</think>` outside is text of the answer.
# - A block that is never closed reaches to the end of the text.
# - The thought: each block stripped of white space at both ends (`str.strip`), blocks that are then empty left out,
#   the rest joined by one newline. The answer: all text outside, joined as it stands with nothing between, then
#   stripped at both ends.
# - Tags are exact: `<Think>` and `<think/>` are text. Texts have any length and many lines; "" gives ("", "").
#
# Source: DeepSeek-R1's format, arXiv 2501.12948; vLLM's reasoning parsers.

# %% stub="parse_think"
def parse_think(text: str) -> tuple[str, str]:
    """(thought, answer) of a raw output.

    "<think>3 + 4</think>7" gives ("3 + 4", "7"); "3 + 4</think>7" too.
    """
    ### BEGIN SOLUTION
    if OPEN not in text.partition(CLOSE)[0] and CLOSE in text:
        text = OPEN + text
    blocks, outside = [], []
    while text:
        before, _, rest = text.partition(OPEN)
        block, _, text = rest.partition(CLOSE)
        outside.append(before)
        blocks.append(block.strip())
    return "\n".join(b for b in blocks if b), "".join(outside).strip()
    ### END SOLUTION
    raise NotImplementedError("parse_think")

# %% [markdown] hints="parse_think"
# <details><summary>Hint 1: a question</summary>
#
# How many states does a reader of this text have, and which tag does it wait for in each?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# `"a<think>b</think>c<think>d"`: outside a; inside b; outside c; inside d, to the end. Thought "b" and "d" on two
# lines, answer "ac".
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Where the template opened the block, the text says so only by its *first* tag. And what is cut off is thought, not
# answer.
#
# </details>

# %% graded="parse_think__blocks" points=2
# Looks at one block and at several, at what stands around them, at strange tags.
check(parse_think, "<think>3 + 4\nis 7</think>\n\n7", want=("3 + 4\nis 7", "7"),
      mistakes={"the answer is not stripped": ("3 + 4\nis 7", "\n\n7")})
check(parse_think, "<think>a</think>b<think>c</think>d", want=("a\nc", "bd"),
      why="two blocks, text between and after",
      mistakes={"a greedy match: from the first tag to the last": ("a</think>b<think>c", "d"),
                "the second block leaks into the answer": ("a", "b<think>c</think>d")})
check(parse_think, "no thought", want=("", "no thought"))
### BEGIN HIDDEN TESTS
for text in ["", "  ", "x <think>\n a \n</think> y ", "<think></think>z",
             "<think>  </think>z<think>t</think>",
             "<think>a <think> b</think>c", "<think>a</think>b</think>c", "<Think>a</Think>b", "<think/>a",
             "<think>a</think>b <think/> c</think > d", "a<think>b</think>c<think>d</think>e<think>f</think>g",
             "<think>\n\n0\n\n</think>\n\n0\n\n", "< think>a</think>", "<think>" + "long\n" * 3000 + "</think>" + "x\n" * 900,
             "<think>\ta\r\nb\t</think>\t c\r\n\r\nd\t", "<think>a</think>b" * 1500,
             "p<think>q</think> r  <think>s</think>\n t", "<think><think></think></think>", "a < b<think>c < d</think>e > f"]:
    check(parse_think, text, want=parsed(text), why="blocks are cut out one by one, from left to right")
### END HIDDEN TESTS

# %% graded="parse_think__untidy" points=2
# Looks at thoughts that were cut off and at blocks that the template opened.
check(parse_think, "<think>still at it", want=("still at it", ""), why="never closed: all of it is thought",
      mistakes={"an unclosed thought was handed out as the answer": ("", "still at it"),
                "tag and all": ("", "<think>still at it")})
check(parse_think, "3 + 4</think>7", want=("3 + 4", "7"), why="the template had opened the block",
      mistakes={"the thought leaked into the answer": ("", "3 + 4</think>7")})
### BEGIN HIDDEN TESTS
rng = random.Random(5)
for text in ["</think>", "</think>7", "a</think>", "a</think>b</think>c", "a</think>b<think>c", "<think>",
             "a<think>",
             "a</think>b<think>c</think>d<think>e", "x<think>y</think>z<think>", "  \n</think>\n 0 ", "<think>a</thin",
             "a</think>b</think>c<think>d</think>e", "<think>a<think>b", "a <think/> b</think>c"]:
    check(parse_think, text, want=parsed(text), why="the first tag says where reading begins")
for _ in range(40):
    text = "".join(rng.choice(["<think>", "</think>", "a", " ", "\n", "b<", "think>", "/"])
                   for _ in range(rng.randrange(14)))
    check(parse_think, text, want=parsed(text),
          why="outside waits for the opening tag, inside for the closing one")
### END HIDDEN TESTS

# %% [markdown]
# **The same, while it streams.** A server shows tokens as they come, and must decide at once on which side a piece
# belongs. `<`, `/th`, `ink>` may come as three pieces; "a < b" begins like a tag and is none. So a stream holds
# back what may become the awaited tag, and nothing else. Who holds back more stutters; who holds back less prints
# half a tag to the user.
#
# **The budget.** A thought without end costs money and never answers. So one caps it: after `budget` tokens of
# thought the server writes `</think>` itself and lets the model go on with the answer. (Forcing a model to think
# *longer*, by "Wait", belongs to section 22.) Other handles have to be trained: GPT-OSS takes an effort (low, medium,
# high) in its system message; in Qwen3 the template can switch thinking off, by an empty block in the prompt.
#
# ### Exercise 13.2 · ThinkStream
#
# `ThinkStream(budget=None, inside=False)`: a stream that begins outside a block, or `inside` where the template
# opened one. A piece is the text of one token, any string; a piece may hold no tag, part of one, or several. Tags
# as in 13.1: outside only `<think>` is waited for, inside only `</think>`; blocks may follow each other. Nothing is
# stripped and nothing is put between blocks.
#
# - `feed(piece) -> (thought, answer)`: the text that has *newly* become certain on each side ("" where there is
#   none). Held back is the longest tail of the text since the last tag that is a proper beginning of the awaited
#   tag (`<`, `<t`, … but not the whole tag); all before it comes out now. What was held back and turns out to be
#   text comes out with the piece that decides it.
# - `finish() -> (thought, answer)`: the text is over; what was held back comes out, as text of the current side.
# - `over() -> bool`: the budget is used up: the stream is inside a block *now* and at least `budget` pieces
#   counted. A piece counts if the stream was inside a block before it and is inside one after it; so a piece that
#   finishes an opening or a closing tag does not (one that closes a block and opens the next does). An empty piece
#   counts like any other. The count runs on through all blocks. `budget` None: never; 0: as soon as a block is
#   open.
# - However a text is cut into pieces, all thoughts joined and all answers joined are the same.
#
# Calls after `finish` are not tested. Streams do not know of each other.
#
# Source: vLLM's streaming reasoning parsers; s1's budget forcing, arXiv 2501.19393, for the cap.

# %% stub="ThinkStream"
class ThinkStream:
    """Thought and answer, piece by piece.

    s = ThinkStream(); s.feed("<think>a <") is ("a ", ""); s.feed("/think>b") is ("", "b").
    """
    def __init__(self, budget: int | None = None, inside: bool = False):
        ### BEGIN SOLUTION
        self.budget, self.inside, self.held, self.count = budget, inside, "", 0
        return
        ### END SOLUTION
        raise NotImplementedError("ThinkStream")

    def feed(self, piece: str) -> tuple[str, str]:
        ### BEGIN SOLUTION
        out, was, text = ["", ""], self.inside, self.held + piece
        while True:
            tag, side = (CLOSE, 0) if self.inside else (OPEN, 1)
            before, found, rest = text.partition(tag)
            if not found:
                break
            out[side] += before
            self.inside, text = not self.inside, rest
        keep = max(i for i in range(len(tag)) if text.endswith(tag[:i]))
        cut = len(text) - keep
        out[side] += text[:cut]
        self.held = text[cut:]
        self.count += was and self.inside
        return out[0], out[1]
        ### END SOLUTION
        raise NotImplementedError("ThinkStream")

    def finish(self) -> tuple[str, str]:
        ### BEGIN SOLUTION
        rest, self.held = self.held, ""
        return (rest, "") if self.inside else ("", rest)
        ### END SOLUTION
        raise NotImplementedError("ThinkStream")

    def over(self) -> bool:
        ### BEGIN SOLUTION
        return self.budget is not None and self.inside and self.count >= self.budget
        ### END SOLUTION
        raise NotImplementedError("ThinkStream")

# %% [markdown] hints="ThinkStream"
# <details><summary>Hint 1: a question</summary>
#
# After each piece: which is the longest end of the text that could still grow into the tag that you wait for?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Inside. "x <" gives "x " and holds "<". Then "<" gives "<" (the first one is text now) and holds the second. Then
# "/think>ok" gives ("", "ok").
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# After a tag the other tag is awaited, within the same piece. And what is held back belongs in front of the next
# piece.
#
# </details>

# %% graded="ThinkStream__feed" points=3
# Looks at what each piece gives, with tags cut anywhere.
steps(ThinkStream(), [("feed", ("<think>a <",), ("a ", "")), ("feed", ("/think>b",), ("", "b")),
                      ("finish", (), ("", ""))],
      why="a tail that may become the awaited tag waits")
steps(ThinkStream(inside=True), [("feed", ("x <",), ("x ", "")), ("feed", (" y",), ("< y", "")),
                                 ("feed", ("</think",), ("", "")), ("finish", (), ("</think", ""))],
      why="what turns out to be text comes out with the piece that decides it")
### BEGIN HIDDEN TESTS
for text, inside in [("a<think>b</think>c<think>d", False), ("b</think>c < d", True), ("<<think>>x<</think>>", False),
                     ("<thi<think>a</thi</think>b<think", False), ("a</think>b<think>c</think></think>d", True),
                     ("<think>i < j</ k</think>0", False), (" <think> a </think>\n\n b <think>\n c", False),
                     ("<Think>a</Think><think>b</THINK>c<think/></think>d", False)]:
    for size in (1, 3, 8, 100):
        pieces = [text[i:i + size] for i in range(0, len(text), size)]
        steps(ThinkStream(None, inside), shown_calls(pieces, None, inside, ask=False),
              why=f"{text!r} in pieces of {size}")
rng = random.Random(3)
for _ in range(25):
    pieces = [rng.choice(["<", "think>", "</", "</think>", "<think>", "a", "", " b", "<<", "</think>c<think>",
                          "/", "t"])
              for _ in range(rng.randrange(1, 12))]
    inside = rng.random() < 0.5
    steps(ThinkStream(None, inside), shown_calls(pieces, None, inside, ask=False),
          why="outside and inside wait for different tags")
### END HIDDEN TESTS

# %% graded="ThinkStream__budget" points=2
# Looks at when the budget is used up.
steps(ThinkStream(2), [("over", (), False), ("feed", ("<think>",), ("", "")), ("over", (), False),
                       ("feed", ("a",), ("a", "")), ("over", (), False), ("feed", ("b c d",), ("b c d", "")),
                       ("over", (), True), ("feed", ("</think>",), ("", "")), ("over", (), False)],
      why="two pieces inside; a word is not a token; once the block is closed nothing is over")
### BEGIN HIDDEN TESTS
for budget in (0, 1, 2, 5, 6, 7, None):
    for inside in (False, True):
        pieces = ["x", "<think>", "a", "", "b", "</", "think>", "y", "z", "<think>", "c", "d",
                  "</think>e"] + ["f"] * 3
        if inside:
            pieces = pieces[2:]
        steps(ThinkStream(budget, inside), shown_calls(pieces, budget, inside), why=f"a budget of {budget}")
calls = [("feed", ("<think>",), ("", ""))]
for i in range(1, 141):
    calls += [("feed", ("t ",), ("t ", "")), *[("over", (), i >= 130)] * (i % 50 == 0 or 127 < i < 132)]
steps(ThinkStream(130), [*calls, ("feed", ("</think>",), ("", "")), ("over", (), False)], why="a budget of 130")
for budget in (1, 2, 3):
    steps(ThinkStream(budget), shown_calls(["<think>a", "b</think>c<think>d", "e</think><think>", "f"], budget),
          why="a piece that closes a block and opens the next one counts")
steps(ThinkStream(1), shown_calls(["<think>a</think>b", "c<think>d", "e<", "/think>f"], 1),
      why="pieces with whole tags")
one, two = ThinkStream(1, True), ThinkStream(1, True)
steps(one, [("feed", ("a <",), ("a ", "")), ("over", (), True)])
steps(two, [("over", (), False), ("feed", ("b",), ("b", "")), ("over", (), True)],
      why="streams do not share state")
### END HIDDEN TESTS

# %% tags=["picture"]
reasoning_models.streamed(ThinkStream)

# %% [markdown]
# One text, cut into pieces of three characters, through your stream. Below each piece stands the side on which its
# text came out; a dot is a piece that was held back.

# %% [markdown]
# ## 2 · Is it right?
#
# A trace can only be learnt from, or rewarded, if somebody says whether it came out right. For mathematics and code
# a program says it: a *verifiable* reward. Such a program fails in two directions:
#
# - **Right answers refused**: "1/2" against "0.5", "1,000" against "1000". Each one throws a good trace away, and
#   in RL punishes a right answer.
# - **Wrong answers let through**: floats that are nearly equal, "no answer" equal to "no answer", a check for
#   substrings in which "12" is found in "112".
#
# Models are usually told to put the final answer into `\boxed{…}`. Its content may hold braces of its own:
# `\boxed{\frac{1}{2}}`. A pattern that stops at the first `}` reads `\frac{1`.
#
# **The catch.** Numbers are compared exactly, as fractions: 0.333 is not 1/3, and 2⁵³ + 1 is not 2⁵³. As floats
# both of the latter are the same. A tolerance is a choice of the task, not a default.
#
# ### Exercise 13.3 · same_answer
#
# `same_answer(got, want) -> bool`. Both strings are brought to a normal form in these steps:
#
# 1. If the text has a `\boxed{` whose brace is closed (every `{` and `}` counts, also `\{`), the content of the
#    *last* such one is the text. One that is never closed does not count. One inside another: take the content of
#    the one whose `\boxed{` comes last.
# 2. White space and dollar signs at both ends go; then one full stop at the end, if there is one; then again white
#    space and dollar signs at both ends.
# 3. Is the rest a number? Digits are 0 to 9; one sign (`+` or `-`) may stand in front:
#     - digits, or digits with commas in groups of three (`1,234,567`; the first group has one to three);
#     - a decimal: one of those, a point, digits; the digits before or after the point may be missing, not both
#       (`.5`, `5.` if step 2 left it, `1,000.25`);
#     - either of these followed by `%` or `\%`, with or without blanks between: a hundredth of it;
#     - a fraction of plain digits, `3/4`, with or without blanks around the slash, or `\frac{3}{4}` or
#       `\dfrac{3}{4}` (the sign in front of it all; no sign, no blank inside the braces). The denominator 0 makes
#       it text.
#
#    Nothing else is a number: `1e3`, `1 000`, `--2`, `1,00`, `- 2` and `½` are text.
# 4. Two numbers are the same if they are equal *exactly*. Two texts are the same if they are equal after
#    lower-casing (`str.lower`) and writing each run of white space as one blank. A number and a text are never the
#    same.
# 5. If either is empty after step 2, the answer is False: no answer is never right, not even against no answer.
#
# A `bool` comes back. Texts are shorter than 1,000 characters; their white space is ASCII's.
#
# Source: the answer checkers of the MATH benchmark (Hendrycks et al. 2021, arXiv 2103.03874), made exact.

# %% stub="same_answer"
def same_answer(got: str, want: str) -> bool:
    r"""Whether two final answers mean the same.

    same_answer(r"so \boxed{\frac{1}{2}}.", "0.5") is True; same_answer("0.333", "1/3") is False.
    """
    ### BEGIN SOLUTION
    def boxed(text: str) -> str:
        for start in reversed([m.end() for m in re.finditer(r"\\boxed\{", text)]):
            depth = 1
            for i in range(start, len(text)):
                depth += (text[i] == "{") - (text[i] == "}")
                if depth == 0:
                    return text[start:i]
        return text

    def number(text: str) -> Fraction | None:
        m = re.fullmatch(r"([+-]?)(?:([0-9]+)\s*/\s*([0-9]+)|\\d?frac\{([0-9]+)\}\{([0-9]+)\})", text)
        if m:
            top, bottom = int(m[2] or m[4]), int(m[3] or m[5])
            return Fraction(-top if m[1] == "-" else top, bottom) if bottom else None
        m = re.fullmatch(r"([+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]*)(?:\.[0-9]*)?)(\s*\\?%)?", text)
        if not m or not re.search("[0-9]", m[1]):
            return None
        return Fraction(m[1].replace(",", "").removesuffix(".")) / (100 if m[2] else 1)

    def normal(text: str) -> str:
        ends = "$ \t\n\r\f\v"
        return boxed(text).strip(ends).removesuffix(".").strip(ends)

    a, b = normal(got), normal(want)
    if not a or not b:
        return False
    x, y = number(a), number(b)
    if x is not None and y is not None:
        return x == y
    return (x is None) == (y is None) and a.lower().split() == b.lower().split()
    ### END SOLUTION
    raise NotImplementedError("same_answer")

# %% [markdown] hints="same_answer"
# <details><summary>Hint 1: a question</summary>
#
# Which type of Python's standard library holds 1/3 exactly? And what can a regular expression not count?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# `"\boxed{1} no, \boxed{50\%}."` → `50\%` → 50/100 = 1/2. The same as ".5", "3/6" and `\frac{1}{2}`, and not the
# same as "half".
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Commas must be in their places before they may go: "1,00" is text. And a converter that takes more than the list
# above ("1e3", "1_000", other digits) says yes too often.
#
# </details>

# %% graded="same_answer__numbers" points=3
# Looks at integers, commas, decimals, fractions, percentages: exactly.
for got, want, same in [("0.5", "1/2", True), ("1,000", "1000", True), ("50%", ".5", True),
                        ("0.333", "1/3", False), (r"\frac{3}{4}", "75\\%", True), ("12", "112", False),
                        ("-2", "2", False), ("1,00", "100", False)]:
    check(same_answer, got, want, want=same, why="numbers are the same if they are exactly equal")
### BEGIN HIDDEN TESTS
forms = {Fraction(1, 2): ["1/2", "0.5", ".50", "+.5", "+1/2", r"+\frac{1}{2}", "50%", "50 %", "50   %", "50.%", "50.0\\%",
                          r"\frac{1}{2}", r"\dfrac{2}{4}", "003/6", "3 / 6", "3/ 6", "3   /  6", "$0.5$"],
         Fraction(0): ["0", "-0", "0.0", "0/5", "0%", "+00", r"-\frac{0}{3}", "-.0"],
         Fraction(1234567): ["1,234,567", "1234567", "1234567.0", "+1,234,567.00", "123,456,700%",
                             "2469134/2"],
         Fraction(-1, 3): ["-1/3", r"-\frac{1}{3}", "-2/6", r"-\dfrac{100}{300}"],
         Fraction(2 ** 53): ["9007199254740992", "9,007,199,254,740,992"],
         Fraction(2 ** 53 + 1): ["9007199254740993", "9007199254740993.0"],
         Fraction(10 ** 40 + 1, 10 ** 40): ["1." + "0" * 39 + "1"], Fraction(1): ["1", "1.", "1..", "100%", "7/7",
                                                                                  "1.0."],
         Fraction(3333333333333333, 10 ** 16): ["0.3333333333333333"], Fraction(1, 1000): ["0.001", "0.1%",
                                                                                           ".1 \\%", "1/1000"],
         Fraction(1000): ["1,000", "1000", "1,000.", "$1,000$", "100,000%"], Fraction(112): ["112"],
         Fraction(12): ["12", "12.00"],
         Fraction(-5): ["-5", "-5.0", "-500%"], Fraction(1, 3): ["1/3", "7/21"], Fraction(1,
                                                                                          10 ** 9): ["0.000000001"]}
everything = [(text, value) for value, texts in forms.items() for text in texts]
for i, (a, x) in enumerate(everything):
    for b, y in [(forms[x][0], x), *everything[i % 11::11]]:
        check(same_answer, a, b, want=x == y, why="exact fractions")
    check(same_answer, forms[x][-1], a, want=True, why="exact fractions")
for a, b in [("9007199254740993", "9007199254740992"), ("9,007,199,254,740,993", "9007199254740992.0"),
             ("1." + "0" * 39 + "1", "1"), ("0.3333333333333333", "1/3"), ("1/3", "33333333333333333/99999999999999998")]:
    check(same_answer, a, b, want=False, why="floats round: these are not equal")
    check(same_answer, b, a, want=False, why="floats round: these are not equal")
for text in ["7", "-12.25", "1,234.5", "12,345,678", ".75", "8%", "9 \\%", "007", "0.10"]:
    value = as_number(text)
    check(same_answer, text, f"{value.numerator}/{value.denominator}" if value >= 0 else
          f"-{-value.numerator}/{value.denominator}", want=True)
for a, b in [("1e3", "1000"), ("1 000", "1000"), ("--2", "2"), ("1,00", "100"), ("- 2", "-2"), ("½", "1/2"),
             ("1_000", "1000"), ("1234,567", "1234567"), ("1,2345", "12345"), (",100", "100"), ("٣", "3"), ("²", "2"),
             ("1/0", "0"), ("1/0", "2/0"), ("inf", "1/0"), ("1.2.3", "1.23"), ("1/2/3", "1/6"), ("1/2%", "0.005"),
             ("0x10", "16"), ("%", "0"), ("+", "0"), ("-.", "0"), ("1.5/3", "1/2"), (r"\frac{-1}{2}", "-1/2"),
             (r"\frac{1.5}{3}", "1/2"), ("2 apples", "2"), ("x=2", "2"), ("1,000,00", "100000"), ("12 34", "1234"),
             ("10,000/2", "5000"), ("5%%", "0.0005"), ("0.5", "0.5000001"), ("nan", "0"), ("1/-2", "-1/2"),
             (r"\frac{ 1}{2}", "1/2"), (r"\frac12", "1/2"),
             (r"\tfrac{1}{2}", "1/2"), ("50\\ %", "0.5"), ("50%%", "0.005"), ("50 % %", "0.005"), ("50%%", "0.5"),
             ("0.123,456", "0.123456"), ("0.5,000", "0.5"), ("5...", "5"),
             ("- 1/2", "-1/2"), (r"\FRAC{1}{2}", r"\frac{1}{2}")]:
    check(same_answer, a, b, want=False, why="only what the list names is a number")
    check(same_answer, b, a, want=False, why="only what the list names is a number")
for text in ["1e3", "1 000", "1/0", "½", "nan", "1.2.3", "5%%", "-", "7" * 990,
              "7" * 980 + "x", "1," * 490 + "1", ",111" * 240 + "a"]:
    check(same_answer, text, text, want=True, why="equal, as numbers or as texts, however long")
check(same_answer, "7" * 990, "7" * 989 + "8", want=False, why="equal but for the last of 990 digits")
check(same_answer, "1" + ",000" * 240, "1" + "0" * 720, want=True, why="240 groups of three")
### END HIDDEN TESTS

# %% graded="same_answer__boxes" points=2
# Looks at boxes, with braces inside, several, and broken ones.
check(same_answer, r"Thus \boxed{\frac{1}{2}}.", "0.5", want=True, why="braces are counted",
      mistakes={"the box was closed at the first brace": False})
check(same_answer, r"\boxed{3}, or rather \boxed{4}", "4", want=True, why="the last box counts")
### BEGIN HIDDEN TESTS
for a, b, same in [(r"\boxed{3}, or rather \boxed{4}", "3", False), (r"\boxed{3} and \boxed{4", "3", True),
                   (r"\boxed{4", r"\boxed{4", True), (r"\boxed{4", "4", False), (r"\boxed{\text{a}{b}}",
                                                                                 r"\text{a}{b}", True),
                   (r"\boxed{1\boxed{2}}", "2", True), (r"\boxed{}", "", False), (r"\boxed{}", r"\boxed{}",
                                                                                  False),
                   (r"\boxed{ $7.$ }", "7", True), (r"x \boxed{1,000} y", r"\boxed{1000}", True),
                   (r"\boxed{{5}}", "{5}", True),
                   (r"\boxed{a}\boxed{}", "a", False), (r"the answer is 5", "5", False),
                   (r"\boxed{\dfrac{10}{4}} \boxed{", "2.5", True),
                   (r"\boxed{\{1}", r"\{1", False), (r"\boxed{\{1\}}", r"\{1\}", True),
                   (r"\boxed 5", "5", False), (r"\boxed{{5}}", "5", False), (r"\boxed{{a}}", "a", False),
                   (r"\fbox{5}", "5", False),
                   (r"\boxed {5}", "5", False), (r"boxed{5}", "5", False), (r"\boxed{\sqrt{x^{2}}}",
                                                                            r"\sqrt{x^{2}}", True),
                   (r"\boxed{" + "{" * 150 + "8" + "}" * 151, "{" * 150 + "8" + "}" * 150, True),
                   (r"\boxed{8}" + " and more words" * 40, "8", True), ("so " * 200 + r"\boxed{8}", "8",
                                                                        True)]:
    check(same_answer, a, b, want=same, why="the last box that is closed")
    check(same_answer, b, a, want=same, why="both sides are treated alike")
### END HIDDEN TESTS

# %% graded="same_answer__text" points=2
# Looks at words, empty answers, ends and white space.
check(same_answer, "New\n  York.", "new york", want=True)
check(same_answer, "", "", want=False, why="no answer is never right",
      mistakes={"two empty answers were equal": True})
### BEGIN HIDDEN TESTS
for a, b, same in [(" $x$ ", "X", True), ("yes", "yes.", True), ("yes..", "yes", False), ("yes..", "yes.", False),
                   ("yes..", "yes..", True), ("$", "$", False), (".", ".", False), (" . ", "", False), ("  ", "a", False),
                   ("a b", "ab", False), ("a\tb", "A  b", True), ("yes", "no", False), ("2", "two", False),
                   ("(1, 2)", "(1, 2)", True), ("(1,2)", "(1, 2)", False), ("$12.$", "12", True), ("12.$", "12", True),
                   ("12 $.", "12", True), ("$x$ .", "x", True), ("New York $.$", "new york", True), ("a .", "a", True),
                   ("a$b", "ab", False), ("$$5$$", "5", True), ("yes!", "yes", False), ("x, y", "x, y", True),
                   ("in", "Berlin", False), ("$ . $", ".", False), ("a.b", "A.B", True), ("a . ", "a", True),
                   ("Straße", "STRASSE", False), ("Straße", "straße.", True), ("ÉCLAIR", "éclair", True),
                   ("{a}", "a", False), ("{2}", "2", False)]:
    check(same_answer, a, b, want=same, why="lower case, one blank for each run of white space, nothing empty")
    check(same_answer, b, a, want=same, why="both sides are treated alike")
### END HIDDEN TESTS

# %% tags=["picture"]
reasoning_models.judged(same_answer)

# %% [markdown]
# Your check beside two that are often met: the texts compared as they stand, and as floats within a thousandth.
# Read the rows on which they differ: each is a trace thrown away, or a wrong one kept.
#
# ## 3 · Steps that can be learnt
#
# Why does writing help at all? One pass through a transformer is a fixed number of layers, whatever the question. A
# written token goes back in at the bottom: each costs one more pass, and *each hands its result on*. So a long
# computation becomes many short ones. (Wies et al. 2022, arXiv 2204.02892, prove it for a family of tasks: hopeless
# to learn end to end, learnable once the results of the sub-tasks stand in the text.)
#
# Our task is the purest one: *parity*. n bits come in; the answer is 1 if the number of ones is odd. Every bit
# matters, and no part of them says anything about the answer. The sub-task is tiny: running parity xor next bit.
#
# $$p_0 = x_0, \qquad p_j = p_{j-1} \oplus x_j, \qquad \text{answer} = p_{n-1}.$$
#
# | written | text for 1 0 1 1 |
# |---|---|
# | the answer only | `<think></think>1` |
# | all steps | `<think>1101</think>1` |
# | every second step | `<think>11</think>1` |
#
# **The catch.** A scratchpad helps the learner only if each step is easy *given what is written before it*. How
# easy is easy enough? The experiment asks.
#
# ### Exercise 13.4 · scratchpad
#
# `scratchpad(bits, every=1) -> steps`: the running parities that are written.
#
# - `bits` (B, n) holds zeros and ones, in any integer dtype or in bool; n ≥ 1, B ≥ 0, any n up to thousands.
# - Step j (j = 0, 1, …) is the parity of the first min((j + 1) · every, n) bits. There are as many steps as it
#   takes to reach n: n / every, rounded up. So the last step is always the parity of all bits, also where `every`
#   does not divide n or is larger than n.
# - An int64 tensor (B, number of steps) in memory of its own; `bits` stays as it was. `every` < 1 raises
#   ValueError.
#
# Source: the definition above; scratchpads: Nye et al. 2021, arXiv 2112.00114.

# %% stub="scratchpad"
def scratchpad(bits: Int[Tensor, "B n"], every: int = 1) -> Int[Tensor, "B steps"]:
    """Running parities after every so many bits, and after the last.

    bits = [[1, 0, 1, 1, 1]]: [[1, 1, 0, 1, 0]]; every = 2: [[1, 1, 0]].
    """
    ### BEGIN SOLUTION
    if every < 1:
        raise ValueError(f"every is at least 1, got {every}")
    n = bits.shape[1]
    running = bits.long().cumsum(1) % 2
    return running[:, [min(i + every, n) - 1 for i in range(0, n, every)]]
    ### END SOLUTION
    raise NotImplementedError("scratchpad")

# %% [markdown] hints="scratchpad"
# <details><summary>Hint 1: a question</summary>
#
# How does the parity of the first j bits follow from how many ones they hold?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# 1 1 1 0 1, every 3: after three bits 1 (three ones); after all five 0 (four ones). Two steps.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# If `every` does not divide n, the last step is shorter and still has to be written. A slice with a step size ends
# before it.
#
# </details>

# %% graded="scratchpad__steps" points=2
# Looks at the running parities, all of them and some.
check(scratchpad, torch.tensor([[1, 0, 1, 1, 1]]), want=torch.tensor([[1, 1, 0, 1, 0]]),
      mistakes={"the bits were counted, not taken modulo 2": torch.tensor([[1, 1, 2, 3, 4]]),
                "exclusive: without the bit itself": torch.tensor([[0, 1, 1, 0, 1]])})
check(scratchpad, torch.tensor([[1, 0, 1, 1, 1]]), 2, want=torch.tensor([[1, 1, 0]]),
      why="after 2, 4 and all 5 bits",
      mistakes={"the last, shorter step is missing": torch.tensor([[1, 1]]),
                "the first step after one bit": torch.tensor([[1, 0, 0]]),
                "each step on its own: not running": torch.tensor([[1, 0, 1]])})
### BEGIN HIDDEN TESTS
for B, n, seed in [(3, 7, 0), (2, 12, 1), (5, 1, 2), (1, 300, 3), (2, 1025, 4), (130, 3, 7), (0, 4, 5), (4, 33, 6)]:
    bits = torch.randint(0, 2, (B, n), generator=torch.Generator().manual_seed(seed))
    for every in (1, 2, 3, 4, 5, 7, n, n + 1, 2000):
        ends = [*range(every, n, every), n]
        want = torch.tensor([[sum(row[:e]) % 2 for e in ends] for row in bits.tolist()],
                            dtype=torch.long).reshape(B, len(ends))
        check(scratchpad, bits, every, want=want, why="a step after every so many bits, and after the last")
check(scratchpad, torch.ones(2, 6).long(), 3, want=torch.tensor([[1, 0], [1, 0]]))
check(scratchpad, torch.zeros(2, 5).long(), want=torch.zeros(2, 5).long())
### END HIDDEN TESTS

# %% graded="scratchpad__types" points=2
# Looks at dtypes, strides, memory, errors.
check(scratchpad, torch.tensor([[True, True, False]]), want=torch.tensor([[1, 0, 0]]), why="bits may be bool")
raises(ValueError, scratchpad, torch.tensor([[1, 0]]), 0, why="every is at least 1")
### BEGIN HIDDEN TESTS
bits = torch.ones(2, 700).long()
for dtype in (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.bool):
    check(scratchpad, bits.to(dtype), 13, want=torch.tensor([[*((13 * (j + 1)) % 2 for j in range(53)),
                                                              0]] * 2),
          why="700 ones are more than int8 can count; the answer is int64")
ones = torch.ones(1, 5000).long()
check(scratchpad, ones, 1, want=ones.cumsum(1) % 2, why="5,000 ones are more than half precision can count")
bits = torch.randint(0, 2, (9, 8), generator=torch.Generator().manual_seed(1))
for strided in (bits.T, bits.T[1:5], bits[:, ::2].T, bits.flip(1).T[::3], bits[1].expand(3, 8), bits[:, 3:4].expand(9, 9)):
    ends = [*range(2, strided.shape[1], 2), strided.shape[1]]
    check(scratchpad, strided, 2, want=torch.stack([strided[:, :e].sum(1) % 2 for e in ends], 1), why="strided bits")
unchanged(scratchpad, torch.tensor([[1, 1, 0, 1]]), want=torch.tensor([[1, 0, 0, 1]]))
unchanged(scratchpad, torch.tensor([[1], [0]]), want=torch.tensor([[1], [0]]))
fresh(scratchpad, torch.tensor([[1], [0]]), want=torch.tensor([[1], [0]]),
      why="also where steps and bits are equal")
fresh(scratchpad, torch.tensor([[0, 1, 0]]), 2, want=torch.tensor([[1, 1]]))
fresh(scratchpad, torch.tensor([[0, 0, 0]]), want=torch.tensor([[0, 0, 0]]))
for every in (-1, 0, -700):
    raises(ValueError, scratchpad, torch.tensor([[1, 0, 1]]), every, why="every is at least 1")
### END HIDDEN TESTS

# %% tags=["picture"]
reasoning_models.running(scratchpad)

# %% [markdown]
# **From traces to a batch.** A trace becomes a sequence: the prompt, the opening tag, the thought, the closing tag,
# the answer, the end of the text. The loss counts what the model has to *write*. Five decisions, each a bug that
# trains without a complaint:
#
# - Labels are −100 on the prompt: the model need not learn to ask. `F.cross_entropy` passes over −100.
# - Tags and end are learnt. Without a label on `</think>` the thought never ends; without one on the end, the
#   answer.
# - A trace that is too long is *dropped*. Cut off at the end it loses answer and end, and teaches to think for
#   ever.
# - Padding has label −100 by *place*, not by id: many tokenizers have no padding id and use that of the end. Who
#   masks every label that equals it masks the end, too.
# - Labels are not shifted here: the loss shifts, `logits[:, :-1]` against `labels[:, 1:]`.
#
# ### Exercise 13.5 · sft_batch
#
# `sft_batch(examples, max_len, open_id, close_id, eos_id, pad_id) -> (ids, labels, kept)`.
#
# - `examples`: a list of triples (prompt, thought, answer), each a list of ints, each maybe empty.
# - A sequence is prompt + [open_id] + thought + [close_id] + answer + [eos_id]. One longer than `max_len` is
#   dropped; one of exactly `max_len` stays. Nothing is cut.
# - `ids` (N, L): the N that stay, in their order, padded on the right with `pad_id` to the longest of *them*, L.
#   `labels` (N, L): the ids, but −100 on the prompt and on the padding, and only there. Ids may be equal to each
#   other: `pad_id` may be `eos_id`, or stand inside a text.
# - `kept`: the indices of the examples that stay, a list of ints. int64 tensors; (0, 0) if none stays. The examples
#   stay as they were.
#
# Source: SFT as in DeepSeek-R1's distilled models, arXiv 2501.12948; −100 is `ignore_index` of
# `torch.nn.functional`.

# %% stub="sft_batch"
def sft_batch(examples: list[tuple[list[int], list[int], list[int]]], max_len: int, open_id: int,
              close_id: int, eos_id: int,
              pad_id: int) -> tuple[Int[Tensor, "N L"], Int[Tensor, "N L"], list[int]]:
    """Ids, labels and who was kept.

    [([5], [6], [7])] with max_len 9, tags 1 and 2, eos 3: ids [[5, 1, 6, 2, 7, 3]], labels [[-100, 1, 6, 2, 7, 3]], [0].
    """
    ### BEGIN SOLUTION
    rows = [(i, list(p), [open_id, *t, close_id, *a, eos_id]) for i, (p, t, a) in enumerate(examples)]
    rows = [(i, p, out) for i, p, out in rows if len(p) + len(out) <= max_len]
    longest = max((len(p) + len(out) for _, p, out in rows), default=0)
    ids = torch.full((len(rows), longest), pad_id, dtype=torch.long)
    labels = torch.full((len(rows), longest), -100, dtype=torch.long)
    for r, (_, p, out) in enumerate(rows):
        ids[r, :len(p) + len(out)] = torch.tensor(p + out)
        labels[r, len(p):len(p) + len(out)] = torch.tensor(out)
    return ids, labels, [i for i, _, _ in rows]
    ### END SOLUTION
    raise NotImplementedError("sft_batch")

# %% [markdown] hints="sft_batch"
# <details><summary>Hint 1: a question</summary>
#
# Where does the model's own writing begin and end in each row, counted in places?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Rows of 6 and 9 tokens and max_len 8: the second goes, and the batch is 6 wide, not 8, not 9. With prompt [5, 5]
# the labels begin −100, −100, then the opening tag.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Padding is known by its place. The width is that of the rows that stay. And the end has a label even where its id
# is that of the padding.
#
# </details>

# %% graded="sft_batch__rows" points=2
# Looks at sequences, padding and labels.
check(sft_batch, [([5], [6], [7]), ([5, 8], [], [9, 9])], 9, 1, 2, 3, 0,
      want=(torch.tensor([[5, 1, 6, 2, 7, 3, 0], [5, 8, 1, 2, 9, 9, 3]]),
            torch.tensor([[-100, 1, 6, 2, 7, 3, -100], [-100, -100, 1, 2, 9, 9, 3]]), [0, 1]),
      why="prompt and padding have no label, tags and end do",
      mistakes={"the prompt is learnt, too": (torch.tensor([[5, 1, 6, 2, 7, 3, 0], [5, 8, 1, 2, 9, 9, 3]]),
                                             torch.tensor([[5, 1, 6, 2, 7, 3, -100], [5, 8, 1, 2, 9, 9, 3]]),
                                             [0, 1]),
                "the opening tag has no label": (torch.tensor([[5, 1, 6, 2, 7, 3, 0], [5, 8, 1, 2, 9, 9, 3]]),
                                                 torch.tensor([[-100, -100, 6, 2, 7, 3, -100],
                                                               [-100, -100, -100, 2, 9, 9, 3]]), [0, 1])})
### BEGIN HIDDEN TESTS
rng = random.Random(1)
for sizes, top in [((4, 5, 3), 50), ((1, 9, 1), 50), ((0, 0, 0), 5), ((6, 300, 2), 900), ((3, 1200, 40),
                                                                                          40000)]:
    for max_len in (3, 9, 14, 10 ** 6):
        examples = [tuple([rng.randrange(top) for _ in range(rng.randrange(size + 1))] for size in sizes)
                    for _ in range(7)]
        for ids in [(1, 2, 3, 0), (0, 7, 5, 4), (49, 48, 2, 2)]:
            check(sft_batch, examples, max_len, *ids, want=batched(examples, max_len, *ids), why="row by row")
many = [([9] * (i % 3), [8] * (i % 7), [i]) for i in range(130)]
check(sft_batch, many, 9, 1, 2, 3, 0, want=batched(many, 9, 1, 2, 3, 0), why="130 examples")
big = [([10 ** 6, 4], [3 * 10 ** 9], [2 ** 40])]
check(sft_batch, big, 99, 2 ** 33, 1, 0, 5, want=batched(big, 99, 2 ** 33, 1, 0, 5), why="ids are int64")
unchanged(sft_batch, [([5, 5], [6], [7]), ([], [], [])], 7, 1, 2, 3, 0,
          want=batched([([5, 5], [6], [7]), ([], [], [])], 7, 1, 2, 3, 0))
### END HIDDEN TESTS

# %% graded="sft_batch__too_long" points=2
# Looks at what is dropped, at the limit and beyond it.
check(sft_batch, [([5], [6, 6, 6], [7]), ([4], [6], [7]), ([4], [6, 6], [7])], 7, 1, 2, 3, 0,
      want=(torch.tensor([[4, 1, 6, 2, 7, 3, 0], [4, 1, 6, 6, 2, 7, 3]]),
            torch.tensor([[-100, 1, 6, 2, 7, 3, -100], [-100, 1, 6, 6, 2, 7, 3]]), [1, 2]),
      why="eight tokens do not fit into seven and go; seven do")
### BEGIN HIDDEN TESTS
check(sft_batch, [([5], [6] * 30, [7]), ([1] * 40, [], [])], 20, 1, 2, 3, 0,
      want=(torch.zeros(0, 0).long(), torch.zeros(0, 0).long(), []), why="none stays")
check(sft_batch, [], 20, 1, 2, 3, 0, want=(torch.zeros(0, 0).long(), torch.zeros(0, 0).long(), []),
      why="none came")
examples = [([9] * a, [8] * b, [7] * c) for a in (0, 3, 11) for b in (0, 2, 500) for c in (0, 1, 5)]
for max_len in (2, 3, 4, 8, 19, 22, 505, 519, 520):
    check(sft_batch, examples, max_len, 1, 2, 3, 0, want=batched(examples, max_len, 1, 2, 3, 0),
          why=f"max_len {max_len}")
### END HIDDEN TESTS

# %% graded="sft_batch__same_ids" points=1
# Looks at a padding id that is that of the end, and at ids inside the text.
check(sft_batch, [([3], [3], [7]), ([5, 8, 3, 4], [1], [3])], 9, 1, 2, 3, 3,
      want=(torch.tensor([[3, 1, 3, 2, 7, 3, 3, 3, 3], [5, 8, 3, 4, 1, 1, 2, 3, 3]]),
            torch.tensor([[-100, 1, 3, 2, 7, 3, -100, -100, -100], [-100, -100, -100, -100, 1, 1, 2, 3, 3]]),
            [0, 1]),
      why="padding is known by its place: the end keeps its label")
### BEGIN HIDDEN TESTS
rng = random.Random(2)
for _ in range(12):
    ids = [rng.randrange(3) for _ in range(4)]
    examples = [tuple([rng.randrange(3) for _ in range(rng.randrange(6))] for _ in range(3))
                for _ in range(5)]
    check(sft_batch, examples, 12, *ids, want=batched(examples, 12, *ids),
          why="ids may be equal to each other")
### END HIDDEN TESTS

# %% [markdown]
# ## 4 · Right traces
#
# Where do traces come from? *Distillation of reasoning*: a strong model writes them, a program keeps those whose
# answer is right, a smaller model learns them by plain SFT. Only text changes hands; vocabularies may differ, and
# no logits are needed. (Distillation on logits is section 25's.) DeepSeek taught Qwen2.5 and Llama models of 1.5 to
# 70 billion parameters so in January 2025, with 800,000 samples: 600,000 of reasoning and 200,000 of other kinds.
#
# | AIME 2024, one try | % |
# |---|---|
# | DeepSeek-R1 (671B, 37B active) | 79.8 |
# | R1-Distill-Qwen-32B | 72.6 |
# | R1-Distill-Qwen-7B | 55.5 |
# | R1-Distill-Llama-8B | 50.4 |
#
# So "close to the original" depends on the size: 7 points below at 32B, 24 at 7B. (DeepSeek-R1's README, January
# 2025. AIME is a contest in mathematics of 30 problems a year.) Another model has a similar name:
# *DeepSeek-R1-0528-Qwen3-8B* of May 2025, which learnt traces of R1-0528 on Qwen3-8B-Base; how many, its card does
# not say. Its card gives 86.0 on AIME 2024 and 76.3 on AIME 2025. The 87.5 that the guide ascribes to it is the
# teacher's, on AIME 2025.
#
# *Rejection sampling* is the filter: sample k traces a question, keep the right ones. Three more decisions:
#
# - **Duplicates** go: easy questions give the same trace k times.
# - **A cap a question**: else easy questions fill the data, since they have the most right traces.
# - **Short first**, a taste: among right traces the shorter is cheaper to imitate and to serve. It also prefers the
#   ones that skip steps, or guess.
#
# **The catch.** A right answer does not make a right trace. If the answer can be guessed with probability $g$, a
# wrong trace passes with about $g$. With a share $c$ of right traces,
#
# $$\text{wrong among the kept} = \frac{(1 - c)\,g}{c + (1 - c)\,g}.$$
#
# At c = 0.25 and g = 1/2, yes or no, that is 60 %. At g = 1/1000, a number of three digits, it is 0.3 %. So answers
# should be hard to guess, or steps be checked, too.
#
# ### Exercise 13.6 · rejection_filter
#
# `rejection_filter(samples, verify, cap=None) -> pool`.
#
# - `samples`: a list of triples of strings (question, thought, answer), in any order, questions mixed, the same
#   triple perhaps twice. `verify(question, thought, answer)` says whether one is right, by True or False; it is
#   called with the strings as they came. It depends on nothing else.
# - A thought of white space alone is never kept: there is nothing to learn.
# - Two right samples of one question are duplicates if their thoughts have the same words (`str.split`, case
#   counts), whatever their answers look like. One of them stays: the smallest pair (thought, answer) in Python's
#   order of tuples.
# - For each question those that stay are ordered by the number of words of the thought, the fewest first; then by
#   thought, then by answer, in Python's order of strings. The first `cap` are taken; None takes all.
# - `pool`: a dict from question to its list of (thought, answer) pairs, unchanged strings. Questions of which
#   nothing stays are not in it (with `cap` 0: none). So the order of the samples does not matter. `samples` stays
#   as it was.
#
# Source: rejection sampling for SFT as in arXiv 2501.12948 (DeepSeek-R1) and 2308.01825 (RFT), the order ours.

# %% stub="rejection_filter"
def rejection_filter(samples: list[tuple[str, str, str]], verify, cap: int | None = None) -> Pool:
    """Right, distinct, short traces by question.

    [("q", "a b", "1"), ("q", "c", "1"), ("q", "c ", "1")], all of them right: {"q": [("c", "1"), ("a b", "1")]}.
    """
    ### BEGIN SOLUTION
    pool: Pool = {}
    seen = set()
    for question, thought, answer in sorted(samples, key=lambda s: (len(s[1].split()), s[1], s[2])):
        key = question, tuple(thought.split())
        if not key[1] or key in seen or not verify(question, thought, answer):
            continue
        seen.add(key)
        rows = pool.setdefault(question, [])
        if cap is None or len(rows) < cap:
            rows.append((thought, answer))
    return {question: rows for question, rows in pool.items() if rows}
    ### END SOLUTION
    raise NotImplementedError("rejection_filter")

# %% [markdown] hints="rejection_filter"
# <details><summary>Hint 1: a question</summary>
#
# If you sort first, what do the remaining decisions turn into?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Right: "b a", "b  a", "c". The first two have the same words; "b  a" is the smaller string and stays. With cap 1:
# "c" alone, one word.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# A wrong sample must not drive out a right one with the same words: look for duplicates among the right ones.
#
# </details>

# %% graded="rejection_filter__right" points=2
# Looks at what is kept, by question.
check(rejection_filter, [("p", "x y", "1"), ("q", "z", "0"), ("p", "w", "2"), ("p", " ", "1")],
      lambda q, t, a: a == "1",
      want={"p": [("x y", "1")]}, why="right ones only; nothing without a thought; no question without a trace",
      mistakes={"a question without a right trace is in the pool": {"p": [("x y", "1")], "q": []},
                "an empty thought was kept": {"p": [(" ", "1"), ("x y", "1")]},
                "the wrong ones were kept": {"p": [("w", "2"), ("x y", "1")], "q": [("z", "0")]}})
### BEGIN HIDDEN TESTS
rng = random.Random(4)
for size in (0, 1, 6, 40, 130):
    samples = [(f"q{rng.randrange(5)}", " ".join(rng.choice("abcd") for _ in range(rng.randrange(4))),
                rng.choice("012"))
               for _ in range(size)]
    for verify in (lambda q, t, a: a == "1", lambda q, t, a: len(t) % 2 == 1, lambda q, t, a: a == q[1:],
                   lambda q, t, a: True, lambda q, t, a: False, lambda q, t,
                   a: t.startswith("a") and q != "q0"):
        check(rejection_filter, samples, verify, want=filtered(samples, verify, None),
              why="verify sees all three strings")
check(rejection_filter, [("q", "b", "1"), ("q ", "b", "1"), ("Q", "a", "1")], lambda q, t, a: q != "Q",
      want={"q": [("b", "1")], "q ": [("b", "1")]}, why="questions are compared as they stand")
check(rejection_filter, [("", "t", "")], lambda q, t, a: True, want={"": [("t", "")]},
      why="an empty question or answer is a string, too")
check(rejection_filter, [("q", "\n\t", "1"), ("q", "", "1"), ("r", "0", "0")], lambda q, t, a: True,
      want={"r": [("0", "0")]})
check(rejection_filter, [("q", "a  b", " 1 ")], lambda q, t, a: (q, t, a) == ("q", "a  b", " 1 "),
      want={"q": [("a  b", " 1 ")]},
      why="verify gets the strings as they came")
### END HIDDEN TESTS

# %% graded="rejection_filter__distinct" points=2
# Looks at duplicates.
check(rejection_filter, [("q", "b a", "1"), ("q", "b  a", "1"), ("q", "b a", "1.0"), ("q", "B a", "1"),
                         ("r", "b a", "1")],
      lambda q, t, a: True, want={"q": [("B a", "1"), ("b  a", "1")], "r": [("b a", "1")]},
      why="the same words are the same trace, within one question",
      mistakes={"duplicates by answer": {"q": [("B a", "1"), ("b a", "1.0")], "r": [("b a", "1")]},
                "only exact duplicates went": {"q": [("B a", "1"), ("b  a", "1"), ("b a", "1"), ("b a", "1.0")],
                                               "r": [("b a", "1")]}})
check(rejection_filter, [("q", "a b", "0"), ("q", "a b ", "1")], lambda q, t, a: a == "1",
      want={"q": [("a b ", "1")]},
      why="a wrong sample drives out nobody")
### BEGIN HIDDEN TESTS
rng = random.Random(6)
for size in (5, 30, 130):
    samples = [(rng.choice("pq"), rng.choice(["", " ", "\n"]) + rng.choice([" ", "  ",
                                                                            "\t"]).join(rng.choice("abA")
                                                                                        for _ in
                rng.choice([[0], [0, 1], [0, 1, 2]])), rng.choice(["1", "1.0", "0"])) for _ in range(size)]
    for verify in (lambda q, t, a: a != "0", lambda q, t, a: True, lambda q, t, a: not t.startswith(" ")):
        want = filtered(samples, verify, None)
        for _ in range(2):
            check(rejection_filter, samples, verify, want=want,
                  why="the order of the samples does not matter")
            rng.shuffle(samples)
check(rejection_filter, [("q", "ab c", "1"), ("q", "a bc", "1"), ("q", "abc", "1")], lambda q, t, a: True,
      want={"q": [("abc", "1"), ("a bc", "1"), ("ab c", "1")]}, why="words, not letters without blanks")
for answers in (["9", "10", "1.0"], ["10", "9", "-1"], ["b", "B", "a"]):
    for thought in ("a b", "a\tb"):
        check(rejection_filter, [("q", thought, a) for a in answers], lambda q, t, a: True,
              want={"q": [(thought, sorted(answers)[0])]}, why="of equal thoughts the smallest answer, as a string")
### END HIDDEN TESTS

# %% graded="rejection_filter__cap" points=2
# Looks at the order and the cap.
check(rejection_filter, [("q", "aaaaaaaaa", "1"), ("q", "a b", "1"), ("q", "c b a", "1"), ("r", "z", "1")],
      lambda q, t, a: True, 2,
      want={"q": [("aaaaaaaaa", "1"), ("a b", "1")], "r": [("z", "1")]},
      why="the fewest words first, two a question",
      mistakes={"the fewest letters first": {"q": [("a b", "1"), ("c b a", "1")], "r": [("z", "1")]},
                "the longest first": {"q": [("c b a", "1"), ("a b", "1")], "r": [("z", "1")]},
                "a cap over all questions": {"q": [("aaaaaaaaa", "1")], "r": [("z", "1")]}})
### BEGIN HIDDEN TESTS
rng = random.Random(8)
samples = [(rng.choice("pqr"), " ".join(rng.choice(["a", "b", "cc", "B"]) for _ in range(rng.randrange(5))),
            rng.choice("12")) for _ in range(140)]
for cap in (0, 1, 2, 5, 17, 1000, None):
    for verify in (lambda q, t, a: a == "1" and q != "r", lambda q, t, a: True):
        check(rejection_filter, samples, verify, cap, want=filtered(samples, verify, cap), why=f"cap {cap}")
unchanged(rejection_filter, samples[:30], lambda q, t, a: a == "1", 2,
          want=filtered(samples[:30], lambda q, t, a: a == "1", 2))
many = [("q", f"t{i}", "1") for i in range(600)]
check(rejection_filter, many, lambda q, t, a: True, 550, want=filtered(many, lambda q, t, a: True, 550))
check(rejection_filter, many[:30], lambda q, t, a: True, want=filtered(many[:30], lambda q, t, a: True, None),
      why="no cap")
### END HIDDEN TESTS

# %% tags=["picture"]
reasoning_models.let_through(rejection_filter)

# %% [markdown]
# Simulated traces of which a quarter is right, for answers that are ever harder to guess, through your filter: the
# share of wrong traces among the kept, with the formula above as a line.
#
# ## 5 · What a thought costs
#
# A decoding step at batch 1 is bound by memory: it reads every weight that works for the token, once, and the
# cached keys and values. So
#
# $$\text{seconds of a step} = \frac{\text{bytes of active weights} + \text{bytes of cache}}{\text{bandwidth}}.$$
#
# A thought of 5,000 tokens is 5,000 steps before the first word of the answer. *That* is the latency of a reasoning
# model: tokens of thought times seconds a step. Parameters alone do not tell it. Nor is a better score free: by its
# card, R1-0528 has 87.5 % on AIME 2025 where R1 had 70, and writes 23,000 tokens a question where R1 wrote 12,000.
#
# **Two models.** DeepSeek-R1-0528-Qwen3-8B has 8.19 billion parameters: 16.4 GB in BF16 (a card of 24 GB holds it;
# the guide's "40 to 80 GB" is not needed, and 4 bits take about 5 GB). GPT-OSS-120B is an MoE model: 116.8 billion
# parameters in memory, 5.13 billion active, its experts at 4.25 bits (MXFP4: 4 bits and a shared scale of 8 bits
# for each 32). The larger one fits on one card of 80 GB and *reads less for a token*. "Tight latency, so take the
# small one" does not follow.
#
# **MoE and reasoning.** There is no routing for reasoning: the router chooses experts for each token as in any MoE
# model (section 19). What MoE changes is the price: active parameters set the time of a step at batch 1, total
# parameters the memory. Kimi K2 with its experts in INT4 takes about 0.6 TB: a node of eight large GPUs.
#
# **The catch.** Bits are not bytes; total is not active; and the cache grows with every token of thought.
#
# ### Exercise 13.7 · answer_time
#
# `answer_time(parts, prompt, think, answer, bandwidth, flops, kv_bytes=0) -> (memory, first, total)`, for one
# request alone.
#
# - `parts`: triples (parameters in memory, parameters read for one token, bits of each). The bits may be a
#   fraction, as 4.25. `memory` is the bytes of all parameters; the cache is not in it.
# - Prefill: all `prompt` tokens at once, 2 operations for each *read* parameter and token, at `flops` operations a
#   second. (Its reading of weights is not counted, nor attention.) At its end the first generated token is out.
# - Each further token takes one step. Step j (j = 1, 2, …) reads the read parameters once and `kv_bytes` for each
#   of the prompt + j tokens in the cache by then, at `bandwidth` bytes a second.
# - `think` ≥ 0 tokens of thought are generated (tags counted in), then `answer` ≥ 1 tokens. `first`: seconds from
#   the start until the first token *of the answer* is out; `total`: until its last is.
# - `prompt` ≥ 1. All sizes are whole numbers, up to 10⁷ tokens; `parts` may have any length ≥ 1. Floats come back,
#   within a relative 10⁻⁹.
#
# Source: the byte counts above; model cards of Qwen3-8B and gpt-oss-120b (2025).

# %% stub="answer_time"
def answer_time(parts: list[tuple[int, int, float]], prompt: int, think: int, answer: int, bandwidth: float,
                flops: float,
                kv_bytes: int = 0) -> tuple[float, float, float]:
    """Bytes in memory, seconds to the first and to the last token of the answer.

    [(10, 4, 8)], prompt 3, think 1, answer 1, bandwidth 2, flops 6: 10 bytes; 4 s of prefill + one step of 2 s: 6 and 6.
    """
    ### BEGIN SOLUTION
    memory = sum(total * bits / 8 for total, _, bits in parts)
    read = sum(active * bits / 8 for _, active, bits in parts)
    prefill = 2 * sum(active for _, active, _ in parts) * prompt / flops

    def after(steps: int) -> float:
        cached = steps * prompt + steps * (steps + 1) // 2  # tokens, summed over the steps
        return prefill + (steps * read + kv_bytes * cached) / bandwidth

    return float(memory), after(think), after(think + answer - 1)
    ### END SOLUTION
    raise NotImplementedError("answer_time")

# %% [markdown] hints="answer_time"
# <details><summary>Hint 1: a question</summary>
#
# How many steps lie between the end of the prefill and the first token of the answer?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# One part (8, 8, 16): 16 bytes a step. Prompt 2, think 2, answer 2, bandwidth 1, flops 32, 1 byte of cache a token:
# prefill 1 s; steps of 19, 20 and 21 s. First 40 s, total 61 s.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# The prefill gives a token of its own. And a sum over millions of steps has a closed form.
#
# </details>

# %% graded="answer_time__times" points=3
# Looks at prefill, steps and the two times.
check(answer_time, [(10, 4, 8)], 3, 1, 1, 2, 6, want=(10.0, 6.0, 6.0), rtol=1e-9, atol=0,
      mistakes={"the prefill's own token was forgotten: one step too many": (10.0, 8.0, 8.0),
                "all parameters are read, not the active ones": (10.0, 15.0, 15.0)})
check(answer_time, [(8, 8, 16)], 2, 2, 2, 1, 32, 1, want=(16.0, 40.0, 61.0), rtol=1e-9, atol=0,
      why="steps of 19, 20 and 21 s")
### BEGIN HIDDEN TESTS
rng = random.Random(9)
for think, answer in [(0, 1), (0, 7), (1, 1), (5, 3), (1500, 40), (3, 900)]:
    for kv in (0, 3, 131072):
        parts = [(rng.randrange(10, 10 ** 6), rng.randrange(1, 10 ** 6), rng.choice([4, 8, 16, 4.25, 2]))
                 for _ in range(rng.randrange(1, 4))]
        case = parts, rng.randrange(1, 4000), think, answer, 10 ** rng.randrange(3, 9) * 1.7, 10 ** rng.randrange(5, 12) * 3, kv
        check(answer_time, *case, want=slow_time(*case), rtol=1e-9, atol=0, why="step by step")
check(answer_time, [(100, 30, 8), (50, 0, 16)], 5, 4, 2, 10.0, 100.0,
      want=slow_time([(100, 30, 8), (50, 0, 16)], 5, 4, 2, 10.0, 100.0, 0),
      rtol=1e-9, atol=0, why="a part of which nothing is read")
kv, prompt, think, last = 147456, 8 * 10 ** 6, 10 ** 7, 11 * 10 ** 6 - 1
check(answer_time, [(10, 4, 8)], prompt, think, 10 ** 6, 2, 6, kv,
      want=(10.0, 8 * prompt / 6 + (4 * think + kv * (prompt * think + think * (think + 1) // 2)) / 2,
            8 * prompt / 6 + (4 * last + kv * (prompt * last + last * (last + 1) // 2)) / 2),
      rtol=1e-9, atol=0, why="eleven million tokens: more bytes read than int64 counts")
unchanged(answer_time, [(10, 4, 8), (3, 1, 4)], 3, 1, 1, 2, 6, want=slow_time([(10, 4, 8), (3, 1, 4)], 3, 1,
                                                                              1, 2, 6, 0))
### END HIDDEN TESTS

# %% graded="answer_time__memory" points=1
# Looks at the bytes in memory, with fractional bits.
check(answer_time, [(80, 8, 4.25), (16, 16, 16)], 1, 0, 1, 1.0, 48.0, want=(74.5, 1.0, 1.0), rtol=1e-9,
      atol=0,
      why="80 * 4.25 / 8 + 16 * 16 / 8, read or not",
      mistakes={"bits were taken for bytes": (596.0, 1.0, 1.0), "only what is read": (36.25, 1.0, 1.0)})
### BEGIN HIDDEN TESTS
for parts in (QWEN3_8B, GPT_OSS_120B, [(3, 3, 4)], [(7, 1, 1.58), (9, 9, 32), (5, 0, 8)],
              [(10 ** 13, 10 ** 10, 4)]):
    for kv in (0, 70000):
        check(answer_time, list(parts), 900, 2, 3, 3.35e12, 9e14, kv, want=slow_time(parts, 900, 2, 3,
                                                                                     3.35e12, 9e14, kv),
                                                                                     rtol=1e-9, atol=0)
### END HIDDEN TESTS

# %% tags=["picture"]
reasoning_models.thinking_seconds(answer_time, {"8B, BF16": QWEN3_8B, "120B MoE, MXFP4": GPT_OSS_120B})

# %% [markdown]
# One request at 3.35 TB/s (the bandwidth of an H100's memory) and 5 · 10¹⁴ operations a second, 1,000 tokens of
# prompt, 300 of answer. The 8B model reads 15.1 GB a token, the 120B model 5.0 GB. What the card shows is the
# seconds by length of thought, caches left out. At 4.25 bits the 8B model reads 4.0 GB, a near tie. Two warnings:
# the estimate is a bound, and kernels reach only a part of it; and at larger batches different tokens call
# different experts, so the advantage shrinks (section 19).

# %% [markdown]
# ## 6 · It learns from itself
#
# Who has no stronger model takes its own. Generate, verify, filter, train; and again with the better model. The
# loop has many names: STaR (Zelikman et al. 2022, arXiv 2203.14465), rejection-sampling fine-tuning, expert
# iteration. Against RL (section 18) it is the tame relative: only right traces are learnt, by plain SFT; RL also
# learns from the wrong ones, to avoid them, and moves a little after each batch. DeepSeek-R1-Zero was trained by RL
# from the base model at once; R1 itself began with SFT on some thousands of traces.
#
# **Start from where?** STaR trains each round *from the original model*, on the new set of traces, "instead of
# continually training one model to avoid overfitting". What a round hands on is data, not weights.
#
# **The catch.** A question that the model never solves gives no trace, however often one samples: the loop sharpens
# what is there. And what the check lets through is learnt as if it were right, round after round. STaR's answer to
# the first is to show the right answer as a hint and let the model explain it. The answer to the second is a better
# check: of steps, by a program or by a process reward model (PRM), which scores each step; or questions whose
# answers are hard to guess.
#
# ### Exercise 13.8 · self_train
#
# `self_train(base, generate, train, problems, rounds, k, cap=None, verify=None) -> (model, history)`, with your
# `parse_think`, `same_answer` and `rejection_filter`.
#
# - `problems`: a dict from question to right answer, strings, at least one. A model may be any value, also one that
#   is falsy, such as 0.
# - `generate(model, questions, k)` gives for each question a list of k raw texts. It is called once a round, with
#   the current model (in the first round `base`) and all questions as a list, in the dict's order.
# - Each text is split by `parse_think`. A sample (question, thought, answer) is right if `verify(question, thought,
#   answer)`, True or False as in 13.6, says so; without `verify`, if `same_answer(answer, problems[question])`.
# - The pool: `rejection_filter` over *all* samples of all rounds so far, with `cap`.
# - `train(base, pool)` gives the next model. It always starts from `base`, and gets the whole pool. If the pool is
#   empty, it is not called and the model stays.
# - `history`: for each round a tuple of three ints: samples drawn in this round; right ones among these (duplicates
#   and samples without a thought counted, too); traces in the pool, over all questions.
# - 0 rounds: `(base, [])`. `problems` stays as it was.
#
# Source: arXiv 2203.14465, section 3.1, with a pool that is kept over rounds.

# %% stub="self_train"
def self_train(base, generate, train, problems: dict[str, str], rounds: int, k: int, cap: int | None = None,
               verify=None):
    """(last model, history) of generate, verify, filter, train.

    One question, 2 samples, one of them right, one round: (train(base, pool), [(2, 1, 1)]).
    """
    ### BEGIN SOLUTION
    def right(question: str, thought: str, answer: str) -> bool:
        if verify is not None:
            return bool(verify(question, thought, answer))
        return same_answer(answer, problems[question])

    model, everything, history = base, [], []
    for _ in range(rounds):
        texts = generate(model, list(problems), k)
        drawn = [(q, *parse_think(text)) for q, some in zip(problems, texts) for text in some]
        everything += drawn
        pool = rejection_filter(everything, right, cap)
        if pool:
            model = train(base, pool)
        history.append((len(drawn), sum(right(*s) for s in drawn), sum(map(len, pool.values()))))
    return model, history
    ### END SOLUTION
    raise NotImplementedError("self_train")

# %% [markdown] hints="self_train"
# <details><summary>Hint 1: a question</summary>
#
# Which of the three lives through all rounds: the model, the base, the samples? Which is replaced?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Round 1: base writes, two right traces, train(base, 2 traces) gives m1. Round 2: m1 writes, one new right trace;
# train(base, 3 traces) gives m2. In between m1 is thrown away.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# A model is compared with nothing: 0 is a model. And a cut-off text has an empty answer, which is never right.
#
# </details>

# %% graded="self_train__round" points=2
# Looks at one round: who is asked, what is right, what is learnt.
texts = [["<think>two more</think>4", "<think>guess</think>5", "<think>two mo"],
         ["<think>half</think>0.5", "0.5", "<think>h</think>1"]]
check(self_train, "m", lambda model, questions, k: texts, lambda start, pool: [start, pool],
      {"2+2": "4", "1/2": "1/2"}, 1, 3,
      want=(["m", {"2+2": [("two more", "4")], "1/2": [("half", "0.5")]}], [(6, 3, 2)]),
      why="six samples, three right, two of these with a thought")
### BEGIN HIDDEN TESTS
sums = {f"{a}+{b}": str(a + b) for a, b in [(3, 4), (0, 0), (12, 30), (5, 5)]}
def by_sum(q, t, a):
    "Right as a number, by Fraction; the tests' answers are plain."
    try:
        return Fraction(a) == sum(map(int, q.split("+")))
    except (ValueError, ZeroDivisionError):
        return False


texts = ["<think>a b</think>{}", "<think>a  b</think>{}.0", "b</think> {} ", "<think>c</think>9999",
         "<think>cut", "{}", "<think> </think>{}",
         "<think>d</think>{}<think>e</think>", "<think>aa</think>no {}", "<think>z z z</think>\n{}\n"]
for base in ("m", "", 0, None):
    table = {base: {q: [t.format(s) for t in texts] for q, s in sums.items()}}
    for cap in (None, 1, 2, 0):
        lesson(self_train, table, base, sums, 1, 10, cap, by_sum,
               why="parse_think, same_answer, rejection_filter, then train from base")
lesson(self_train, {"m": {"q": ["<think>a</think>"], "r": ["<think>b</think>x"]}}, "m", {"q": "", "r": "y"}, 1, 1, None,
       lambda q, t, a: False,
       why="no right sample: nothing is trained and the model stays")
lesson(self_train, {0: {"q": ["<think>b</think>x"]}}, 0, {"q": "y"}, 2, 1, None, lambda q, t, a: False,
       why="a model may be falsy")
for falsy in (0, "", None):
    asked = []
    check(self_train, "m", lambda m, q, k: asked.append(m) or [["<think>a</think>x"]], lambda b, p: falsy, {"q": "x"}, 2, 1,
          want=(falsy, [(1, 1, 1), (1, 1, 1)]), why="a model that was trained may be falsy, too")
    expect(asked, ["m", falsy], on="the models that were asked", why="a model that was trained may be falsy, too")
lesson(self_train, {"m": {"q": ["<think>b</think>x"]}}, "m", {"q": "x"}, 0, 1, None, lambda q, t, a: True, why="no round")
### END HIDDEN TESTS

# %% graded="self_train__rounds" points=3
# Looks at several rounds: current model, base, pool.
wrote = {"m": [["<think>a</think>1", "<think>b</think>2"]],
         "m with 1": [["<think>c</think>1", "<think>d d</think>1"]]}
check(self_train, "m", lambda model, questions, k: wrote[model],
      lambda start, pool: f"{start} with {len(pool['q'])}", {"q": "1"}, 2, 2,
      want=("m with 3", [(2, 1, 1), (2, 2, 3)]),
      why="round two samples from the first student, trains from base again, on the traces of both rounds",
      mistakes={"round two trained on, not from base": ("m with 1 with 3", [(2, 1, 1), (2, 2, 3)]),
                "round two forgot the traces of round one": ("m with 2", [(2, 1, 1), (2, 2, 2)])})
### BEGIN HIDDEN TESTS
rng, three = random.Random(12), {"3+4": "7", "0+0": "0", "12+30": "42"}
for base in ("m", "", 0):
    for rounds, k, cap in [(2, 3, None), (3, 4, 2), (4, 2, 1), (3, 5, None)]:
        names = [base, *(f"{base}+{i}" for i in range(1, rounds + 1))]
        def text(s):
            return f"<think>{' '.join(rng.choices('abcd', k=rng.randrange(4)))}</think>{rng.choice([s, s, '8'])}"
        table = {name: {q: [text(s)
                            for _ in range(k)] for q, s in three.items()} for name in names}
        lesson(self_train, table, base, three, rounds, k, cap,
               lambda q, t, a: int(a) == sum(map(int, q.split("+"))),
               why="samples from the current model, training from base")
questions = {f"q{i}": str(i) for i in range(90)}
wide = {name: {q: [f"<think>{name} {i}</think>{int(s) * (i % 2)}" for i in range(5)] for q, s in questions.items()}
        for name in ("m", "m+1")}
lesson(self_train, wide, "m", questions, 2, 5, 3, lambda q, t, a: q == "q" + a, why="90 questions")
late = {"m": {"q": ["<think>a</think>0"] * 2}, "m+1": {"q": ["<think>e</think>1", "no"]}}
lesson(self_train, late, "m", {"q": "1"}, 3, 2, None, lambda q, t, a: False if a == "0" else a == "1",
       why="a round without any right sample")
one = {"m": {"q": ["<think>a</think>1"]}, "m+1": {"q": ["<think>a</think>0"]},
       "m+2": {"q": ["<think>b</think>1"]}}
lesson(self_train, one, "m", {"q": "1"}, 3, 1, None, lambda q, t, a: a == "1",
       why="what was right once stays in the pool; train is called again")
### END HIDDEN TESTS

# %% graded="self_train__verify" points=2
# Looks at a check of one's own, given as verify.
texts = [["<think>good</think>1", "<think>bad</think>1", "<think>good one</think>0"]]
check(self_train, "m", lambda model, questions, k: texts, lambda start, pool: [start, pool], {"q": "1"}, 1, 3,
      None, lambda question, thought, answer: thought == "good", want=(["m", {"q": [("good", "1")]}], [(3, 1, 1)]),
      why="verify decides, and it sees the thought")
### BEGIN HIDDEN TESTS
table = {"m": {"q": ["<think>a</think>1", "<think>b c</think>0", "<think>d"], "r": ["x</think>y", "z",
                                                                                    "<think>a</think>"]},
         "m+1": {"q": ["<think>e</think>1"] * 3, "r": ["<think>f f</think>2", "<think>g</think>", "<think>a</think>0"]}}
for verify in (lambda q, t, a: True, lambda q, t, a: False, lambda q, t, a: len(t) == 1, lambda q, t,
               a: q == "r", lambda q, t, a: a == "0",
               lambda q, t, a: t in ("a", "e")):
    for cap in (None, 1):
        lesson(self_train, {**table, "m+2": table["m"]}, "m", {"r": "y", "q": "1"}, 2, 3, cap, given=verify,
               why="with verify the right answers do not matter")
lesson(self_train, {"m": {" q ": ["<think>a</think>1"]}}, "m", {" q ": "2"}, 1, 1, given=lambda q, t, a: q == " q ",
       why="verify gets the question as it stands")
problems = {"r": "y", "q": "1"}
unchanged(self_train, "m", lambda m, q, k: [["<think>a</think>1"]] * len(q), lambda b, p: "n", problems, 1, 1,
          None,
          lambda q, t, a: True, want=("n", [(2, 2, 2)]))
### END HIDDEN TESTS

# %% [markdown]
# **The student.** A transformer of 32 numbers a token and two layers saw 64 full traces of parity over ten bits,
# for 60 steps: a poor start. Now it gets 96 further questions with their answers, no traces. Two rounds through
# your `self_train`, four samples a question at temperature 1, at most two traces a question, each time with another
# check:
#
# - *nothing*: every sample with tags in their places is kept;
# - *answer*: your `same_answer`;
# - *steps*: a program that looks at each running parity.
#
# About 4 seconds.

# %% tags=["picture"]
reasoning_models.own_traces(self_train, sft_batch, scratchpad)

# %% [markdown]
# Read it with the formula of part 4 at hand: parity can be guessed with g = 1/2, and about c = 20 % of the traces
# were right at the start, which makes 67 %. The share of wrong traces in the pool is even higher. A question has one
# right trace and many wrong ones, and duplicates go: here the filter's own rule works against it. "Distinct" is a
# good rule where right traces differ.
#
# This is one start and one seed: it shows what can happen, not how often. What a check of answers does depends on
# how often the student is right for the wrong reasons.
#
# ## 7 · The experiment: which writing helps?
#
# Four students of the same size learn parity over ten bits, each on 140 batches of 32 fresh questions. All see the
# right answer of each question; what they write beside it differs. For 1 0 1 1 1 …:
#
# | name | text |
# |---|---|
# | `"steps"` | `<think>`, all running parities, `</think>`, answer |
# | `"every 2nd"` | `<think>`, every second running parity, `</think>`, answer |
# | `"filler"` | `<think>`, ten dots, `</think>`, answer |
# | `"after"` | answer, then `<think>`, all running parities, `</think>` |
#
# A fifth, `"answer"`, writes the answer alone and stays at 50 %, chance. The first, `"steps"`, ends above 90 %. It
# takes about 6 seconds. **Predict before you run it**: which of the other three end above 75 % right answers? One
# point for committing, one for being right.

# %% stub="prediction"
prediction: str | None = None  # "none", "every 2nd", "filler", "after", "two of them" or "all three"
### BEGIN SOLUTION
prediction = "none"
### END SOLUTION

# %% graded="prediction__committed" points=1
# You committed to an answer.
committed(prediction, options=["none", "every 2nd", "filler", "after", "two of them", "all three"])

# %% graded="prediction__right" points=1
# The answer is the one that the experiment shows.
committed(prediction, options=["none", "every 2nd", "filler", "after", "two of them", "all three"])
### BEGIN HIDDEN TESTS
predicted(prediction, "none",
          "Ask of each text: given what stands before it, how hard is the next token, and can the answer use it?")
### END HIDDEN TESTS

# %% tags=["experiment"]
def written(kind, bits):
    "What a student writes after its bits: 2 opens, 3 closes, 4 ends, 5 is a dot."
    def token(i):
        return torch.full((len(bits), 1), i)
    answer = scratchpad(bits)[:, -1:]
    if kind == "after":
        return torch.cat([answer, token(2), scratchpad(bits), token(3), token(4)], 1)
    thought = {"answer": bits[:, :0], "steps": scratchpad(bits), "every 2nd": scratchpad(bits, 2),
               "filler": torch.full_like(bits, 5)}[kind]
    return torch.cat([token(2), thought, token(3), answer, token(4)], 1)


table = reasoning_models.students(written, prediction=prediction)

# %% [markdown]
# Read the table with these questions:
#
# - Why does a curve start below chance? Look at the first token of `"after"`: what else may a beginner write there?
# - Which students had the same tokens to write, in another order or of another kind? What does that say about "more
#   tokens are more thinking"?
# - A step of `"every 2nd"` is the xor of three bits, one of `"steps"` of two. What does that mean for whoever has
#   to find the rule by gradients?
# - An explanation that comes after the answer: what can it do for the answer, at training and at use?
# - What this does not show: other tasks, longer training, other supervision. What filler tokens do depends on all
#   three (Pfau et al. 2024, arXiv 2404.15758). And a language model has seen steps in its pretraining; this student
#   knows nothing.
#
# ## 8 · Feel it: how many traces survive?
#
# A trace of n steps, each right with probability p; a wrong step flips the parity, so two wrong steps cancel. k
# samples a question. How quickly does a long trace die? And when does a check of the answer still leave a clean
# pool?

# %% tags=["widget"]
reasoning_models.widget()

# %% [markdown]
# ## 9 · Say it: the written question
#
# A person reads this answer (in a study group, you do, with the marking scheme).

# %% [markdown] question="tutor"
# You have an 8B model, **50,000 school problems with one right choice of four** (no solutions), and one card of 80
# GB with 3.35 TB/s. The plan: eight traces a problem, keep those whose choice is right, SFT, three rounds. On a
# first sample 40 % of the traces are right from start to end; the others guess. Write, in about 15 lines:
#
# 1. Which share of the kept traces is wrong? What would you change, and why does it get worse over rounds?
# 2. The data: what does the filter do besides checking, and which tokens get a label? What happens to long traces?
# 3. Serving: a thought of 4,000 tokens, 1,000 of prompt. How long until the answer begins, for the 8B model in BF16
#    (15.1 GB read a token) and for GPT-OSS-120B (5.0 GB)? How would you hold it to 5 seconds?
# 4. A colleague says: "Distilled models are as good as the original. Latency is tight, so the 8B. And we continue
#    from last round's weights, to save time." Answer each.
#
# === BEGIN MARK SCHEME ===
#
# 1 point each:
#
# - **Wrong traces**: 0.6 · 0.25 / (0.4 + 0.6 · 0.25) = 27 %. Better: ask for the number instead of the choice,
#   check steps (a program, a PRM), agreement of several traces. Wrong traces are learnt as right ones and raise
#   their own share. (Half a point without a change.)
# - **Data**: duplicates go, a cap a problem, short first as a taste; problems without a right trace are lost.
#   Labels on thought, both tags, answer and end, none on prompt and padding (by place). Long traces dropped, not
#   cut.
# - **Serving**: 4.5 ms a step, 18 s; 1.5 ms, 6 s, and both models fit on the card. A budget: at about 1,000 tokens
#   of thought (3,300 for the MoE) the server writes the closing tag; its share of cut thoughts is measured. (Half a
#   point without the budget.)
# - **Proposals**: AIME 2024: 79.8 against 55.5 (7B) and 72.6 (32B). The larger MoE reads a third of the bytes; time
#   is tokens of thought times time a step. From the base each round, on the pool: else it overfits its own traces.
#   (Half a point for two of three.)
#
# === END MARK SCHEME ===

# %% [markdown] written="tutor" points=4
# ### BEGIN SOLUTION
# 1. Right 0.4; wrong but through 0.6 * 0.25 = 0.15. So 0.15 / 0.55 = 27 % of the kept are wrong. The student learns
#    them as if they were right and guesses more in the next round. I would take the choices away and ask for the
#    number, which can hardly be guessed; where I cannot, check steps by a program or a PRM, or keep only answers on
#    which most traces agree.
# 2. Per problem: right ones, duplicates by words out, at most two or so, short first. Problems never solved give
#    nothing: look at them by hand. Labels on opening tag, thought, closing tag, answer, end; -100 on prompt and on
#    padding, by place, since padding may have the id of the end. Longer than the limit: dropped. Cut traces would
#    teach it never to end.
# 3. 15.1 GB / 3.35 TB/s = 4.5 ms, times 4,000 = 18 s. 5.0 GB: 1.5 ms, 6 s. Prefill is small. For 5 s cap the
#    thought at about 1,000 tokens (8B) or 3,300 (MoE): the server counts tokens inside the block and writes
#    </think> itself. I would plot accuracy against the cap.
# 4. No: 79.8 on AIME 2024 for R1, 55.5 for the distilled 7B, 72.6 for the 32B. No: the 120B reads 5.0 GB a token
#    against 15.1; it needs about 65 GB of memory, which we have. No: from the base on the whole pool; continuing
#    overfits to its own traces, and rounds are cheap beside sampling.
# ### END SOLUTION

# %% [markdown]
# ## 10 · Say it: interview cards
#
# Say your answer aloud, then unfold.

# %% [markdown] card="13.1" level="basic"
# <details><summary>What is a reasoning LLM?</summary>
#
# - A language model trained to write a long trace before it answers: RL or SFT on traces whose answers were
#   checked. The architecture is the usual one, dense or MoE.
# - Each written token is one more pass whose result the next can read: long computations become many short ones.
# - Format: `<think>` … `</think>`, then the answer; GPT-OSS has other markers. A pair of tags, not
#   `<think/>`.
# - Shown openly by DeepSeek, as a summary at most by OpenAI. Nothing iterates in secret: it is tokens.
# - Examples: DeepSeek-R1, Kimi K2 *Thinking*, GPT-OSS. Not: Kimi K2-Instruct.
#
# </details>

# %% [markdown] card="13.2" level="basic"
# <details><summary>How does a reasoning LLM differ from a standard one?</summary>
#
# - Output: a thought, then the answer; the thought is often many times as long, and is paid for.
# - Training: on top of SFT comes RL with verifiable rewards, or SFT on filtered traces.
# - Serving: latency is tokens of thought times seconds a step; the cache grows with the thought; budgets, parsers
#   that stream, thoughts dropped from the history.
# - Better at what can be checked in steps (mathematics, code, plans). Little gain for looking up facts, and slower.
# - Slip: "it thinks, so its trace tells why it answered": a trace may be wrong where the answer is right.
#
# </details>

# %% [markdown] card="13.3" level="medium"
# <details><summary>How does reasoning distillation work?</summary>
#
# - A strong model writes traces, a program keeps the right ones, a small model learns them by plain SFT: no logits,
#   no common vocabulary.
# - January 2025: 800,000 samples (600,000 reasoning, 200,000 other) for Qwen2.5 and Llama models of 1.5 to 70
#   billion. The Qwen3-8B of May 2025 is another model, with traces of R1-0528; their number is not stated.
# - AIME 2024: teacher 79.8; 32B 72.6, 7B 55.5, Llama-8B 50.4. "Close" depends on the size.
# - Labels on tags, thought, answer, end; −100 on prompt and padding; too long is dropped, never cut.
# - Filter: right, distinct words, a cap a question, short first.
# - The process and not the answer alone: that is what the student could not have learnt from answers.
# - Or RL on the small model itself? By the R1 paper that costs more and gives less than a strong teacher's traces.
#
# </details>

# %% [markdown] card="13.4" level="medium"
# <details><summary>Explain MoE routing in reasoning models.</summary>
#
# - Nothing in it is peculiar to reasoning: a router scores experts for each token, the best k compute, their
#   outputs are weighted and summed (section 19).
# - Kimi K2: 8 of 384 experts and one shared, 32 of 1,000 billion parameters active, 61 layers of which one is
#   dense. GPT-OSS-120B: 5.13 of 116.8 billion.
# - Why it suits long thoughts: at batch 1 a step reads active parameters only. 5.0 GB a token against 15.1 for a
#   dense 8B in BF16.
# - What it does not save: all parameters stay in memory. Kimi K2 in INT4 about 0.6 TB.
# - At larger batches different tokens call different experts, and the advantage shrinks.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>Which tokens of a trace get a label, and why is a long one dropped?</summary>
#
# - Opening tag, thought, closing tag, answer, end: all that the model writes. −100 on prompt and padding.
# - Padding by place: its id is often that of the end, and an end without a label is never learnt.
# - Cut at the end, a trace loses answer and closing tag and teaches to think for ever.
# - Padded to the longest that stays. The shift belongs to the loss.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>How do you check an answer by program, and how does it fail?</summary>
#
# - Last closed `\boxed{}`, braces counted; normal form; numbers exactly, as fractions: 0.5, 1/2, 50 %,
#   `\frac{1}{2}`.
# - Refused though right: thousands' commas, decimal against fraction. Let through though wrong: substrings, float
#   tolerance, empty against empty.
# - A right answer is no right trace: of the kept (1 − c) g / (c + (1 − c) g) are wrong; at c = 1/4 and g = 1/2 60
#   %.
# - Remedies: answers that are hard to guess, checks of steps, a PRM (which can be fooled, too).
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>How does one hold a reasoning model to a budget?</summary>
#
# - Count tokens inside the block; at the cap the server writes the closing tag and lets the model answer.
# - Measure how often that happens and what it costs in accuracy; plot accuracy against the cap.
# - Trained handles: an effort in the system message (GPT-OSS), thinking switched off by the template (Qwen3).
# - The parser must know three untidy cases: never closed, opened by the template, several blocks. A stream holds
#   back only what may become the awaited tag.
# - An answer that never came is empty, and empty is never right.
#
# </details>

# %% [markdown] card="" level="killer"
# <details><summary>A model trains on its own right traces. What can go wrong?</summary>
#
# - Wrong traces with right answers are learnt as right: share (1 − c) g / (c + (1 − c) g). In the section's parity
#   student the check of answers alone kept a poor start poor; the check of steps did not.
# - What it never solves gives no trace: it sharpens what is there. Hints (STaR), easier questions first, a stronger
#   teacher.
# - Easy questions flood the data: duplicates out, a cap a question.
# - Continuing from the last weights overfits; start from the base, hand on data.
# - Short first prefers guesses where guesses pass.
# - Controls that must stand beside it: the same loop without a check, and a held-out set.
#
# </details>

# %% [markdown] card="13.5" level="killer"
# <details><summary>Choose a model for reasoning in production: Kimi K2, DeepSeek R1 or GPT-OSS-120B.</summary>
#
# - Names first: Kimi K2-Instruct does not think; K2 Thinking does (256K context; 128K for the first Instruct; never
#   1M). R1 is 671B with 37B active; its 8B namesake is another model.
# - Memory: K2 in INT4 0.6 TB, a node of eight; R1 at 8 bits about 0.67 TB, the same; GPT-OSS-120B about 65 GB, one
#   80 GB card; the 8B 16.4 GB in BF16, one 24 GB card.
# - Latency at batch 1: 8B in BF16 15.1 GB a token, GPT-OSS 5.0 GB; 4,000 tokens of thought at 3.35 TB/s: 18 s and 6
#   s. The small one is not the quick one, unless at 4 bits, a near tie.
# - Quality: on your own tasks, with intervals, at equal budgets of tokens. 87.5 on AIME 2025 is R1-0528, not the 8B
#   (76.3). That GPT-OSS-120B is near o4-mini is OpenAI's own claim.
# - Then licence, data that may not leave, tool use, context. Default: GPT-OSS-120B on one card with a budget; the
#   8B at 4 bits for small hardware; the giants where a node is there and the tasks need it.
#
# </details>

# %% [markdown]
# ## 11 · Sources
#
# DeepSeek-R1: arXiv 2501.12948 and its README (January 2025); DeepSeek-R1-0528-Qwen3-8B: its card (May 2025). Kimi
# K2 and gpt-oss: their READMEs (2025). STaR: Zelikman et al. 2022, 2203.14465; RFT: Yuan et al. 2023, 2308.01825.
# Scratchpads: Nye et al. 2021, 2112.00114; parity and sub-tasks: Wies et al. 2022, 2204.02892; filler tokens: Pfau
# et al. 2024, 2404.15758. s1: 2501.19393. MATH: Hendrycks et al. 2021, 2103.03874. vLLM's documentation, "Reasoning
# outputs".
