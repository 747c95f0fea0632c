"""01-tokenization: the reference against libraries, every number of the prose recomputed, the experiment over seeds."""

import math
import random
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from course.models.smollm import ModelMissing
from course.models.smollm import tokenizer as smollm_tokenizer
from course.sections import tokenization
from tests.executed import experiment
from tests.reference import cells, reference

SECTION = "01-tokenization"
SOURCE = (Path(__file__).with_name(f"{SECTION}.py")).read_text(encoding="utf-8")
PROSE = " ".join(line[1:].strip() for line in SOURCE.splitlines() if line.startswith("#"))
REF = reference(SECTION)


def says(*texts):
    for text in texts:
        assert text in PROSE, f"the prose does not say {text!r}"


def drawn(seed, letters, n=30, longest=9, most=9):
    r = random.Random(seed)
    return {bytes(r.choices(letters, k=r.randint(1, longest))): r.randint(1, most) for _ in range(n)}


def recounted(words, num_merges):
    """Training with strings of numbers and regular expressions: another shape than the reference and the helper cell."""
    names, rows, merges = [bytes([i]) for i in range(256)], [("".join(map(chr, w)), f) for w, f in words.items()], []
    while len(merges) < num_merges:
        counts = Counter()
        for row, f in rows:
            for i in range(1, len(row)):
                counts[row[i - 1:i + 1]] += f
        if not counts:
            break
        best = max(counts, key=lambda p: (counts[p], names[ord(p[0])], names[ord(p[1])]))
        merges.append((names[ord(best[0])], names[ord(best[1])]))
        names.append(b"".join(merges[-1]))
        rows = [(row.replace(best, chr(len(names) - 1)), f) for row, f in rows]
    return merges


# --- BPE ------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("seed", range(16))
def test_incremental_counts_equal_a_recount(seed):
    letters = [b"ab", b"aab", b"abcdef", bytes(range(256))][seed % 4]
    words = drawn(seed, letters, n=5 + 3 * seed, longest=3 + seed % 15)
    assert REF["train_bpe"](words, 40) == recounted(words, 40)


@pytest.mark.parametrize("seed", range(9))
def test_no_two_merges_of_a_training_give_the_same_bytes(seed):
    """The statements of 01.2 and 01.8 rest on it."""
    words = drawn(seed, [b"ab", b"abc", b"aaab"][seed % 3], n=40, longest=16)
    merges = REF["train_bpe"](words, 400)
    joined = [a + b for a, b in merges]
    assert len(set(joined)) == len(joined)
    ranks = {pair: i for i, pair in enumerate(merges)}
    assert all(REF["bpe_encode"](token, ranks) == [token] for token in joined), "each comes back whole, as the prose says"
    made = {bytes([i]) for i in range(256)}
    for a, b in merges:
        assert a in made and b in made
        made.add(a + b)


@pytest.mark.parametrize("seed", range(6))
def test_bpe_encode_is_the_library_s(seed):
    from tokenizers import Tokenizer, models
    words = drawn(seed, b"abcd", n=40, longest=10)
    merges = REF["train_bpe"](words, 60)
    vocab = {bytes([i]).decode("latin-1"): i for i in range(256)}
    for a, b in merges:
        vocab[(a + b).decode("latin-1")] = len(vocab)
    library = Tokenizer(models.BPE(vocab, [(a.decode("latin-1"), b.decode("latin-1")) for a, b in merges]))
    ranks, r = {pair: i for i, pair in enumerate(merges)}, random.Random(seed)
    for _ in range(20):
        piece = bytes(r.choices(b"abcdx", k=r.randint(1, 40)))
        want = [t.encode("latin-1") for t in library.encode(piece.decode("latin-1")).tokens]
        assert REF["bpe_encode"](piece, ranks) == want


def test_training_words_come_out_as_training_left_them():
    words = drawn(3, b"abcde", n=60, longest=12)
    merges = REF["train_bpe"](words, 80)
    ranks = {pair: i for i, pair in enumerate(merges)}
    for word in words:
        tokens = "".join(map(chr, word))
        names = {chr(i): bytes([i]) for i in range(256)}
        for n, (a, b) in enumerate(merges):
            pair = [k for k, v in names.items() if v == a][0] + [k for k, v in names.items() if v == b][0]
            names[chr(256 + n)] = a + b
            tokens = tokens.replace(pair, chr(256 + n))
        assert REF["bpe_encode"](word, ranks) == [names[t] for t in tokens]


def test_bpe_encode_with_smollm2_s_merges():
    """What the first real cell prints, without the weights."""
    try:
        tokenizer = smollm_tokenizer()
    except ModelMissing as missing:
        pytest.skip(str(missing))
    ranks, number = tokenization.smollm_table(tokenizer)
    assert (len(tokenizer.vocab), len(tokenizer.special), len(tokenizer.merges)) == (49_152, 17, 48_900)
    single = [t for t in number if len(t) == 1]
    assert len(single) == 235 and 17 + 235 + 48_900 == 49_152
    says("17 special ones, 235 single bytes and 48,900 merges", "235 of the 256")
    assert len({a + b for a, b in ranks}) == len(ranks)
    per_token = {}
    for name, text in [*tokenization.SCRIPTS.items(), ("code", tokenization.CODE), ("digits", "3.14 and 2024, 1,000,000"),
                       ("spaces", "  a   b\n\n\tc ")]:
        ids = [number[t] for piece in tokenization.smollm_pieces(tokenizer, text) for t in REF["bpe_encode"](piece, ranks)]
        assert ids == tokenizer.encode(text), name
        per_token[name] = len(ids)
    assert per_token["Hindi"] > 3 * per_token["English"] and per_token["Greek"] > 3 * per_token["English"]
    assert tokenizer.decode(tokenizer.encode("a\x04b")) == "ab"  # a byte without a token is dropped
    assert tokenizer.tokens(tokenizer.encode(" strawberry")) == ["Ġstrawberry"]
    assert all(len(p) == 1 for p in tokenizer.pieces("2024"))


# --- WordPiece ------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("seed", range(10))
def test_wordpiece_encode_is_the_library_s(seed):
    from tokenizers import Tokenizer, models
    r = random.Random(seed)
    pieces = {"".join(r.choices("abcé", k=r.randint(1, 4))) for _ in range(12)}
    vocab = {p if r.random() < 0.5 else "##" + p for p in pieces} | {"a", "##b"}
    library = Tokenizer(models.WordPiece({v: i for i, v in enumerate(["[UNK]", *sorted(vocab)])}, unk_token="[UNK]",
                                         max_input_chars_per_word=12))
    for _ in range(20):
        word = "".join(r.choices("abcé", k=r.randint(1, 14)))
        assert REF["wordpiece_encode"](word, vocab, "[UNK]", 12) == library.encode(word).tokens


def test_wordpiece_on_bert_s_vocabulary():
    vocabulary = tokenization.bert_vocabulary()
    assert len(vocabulary) == 30_522 and "playing" in vocabulary
    says("30,522 entries")
    assert REF["wordpiece_encode"]("playing", vocabulary) == ["playing"]
    assert REF["wordpiece_encode"]("tokenization", vocabulary) == ["token", "##ization"]
    assert REF["wordpiece_encode"]("smörgåsbord🎉", vocabulary) == ["[UNK]"]


def test_wordpiece_pair_prefers_what_belongs_together():
    """The two worked examples of the hints."""
    def f(words):
        single, pairs = Counter(), Counter()
        for w, n in words.items():
            s = [c if i == 0 else "##" + c for i, c in enumerate(w)]
            for c in s:
                single[c] += n
            for p in zip(s, s[1:]):
                pairs[p] += n
        return {p: n / single[p[0]] / single[p[1]] for p, n in pairs.items()}
    words = {"hug": 10, "pug": 5, "hugs": 5}
    score = f(words)
    assert score["##u", "##g"] == score["##g", "##s"] == pytest.approx(score["h", "##u"]) == pytest.approx(0.05)
    score = f(words | {"bun": 1})
    assert max(score, key=score.get) == ("##g", "##s")
    assert f"{20 / (21 * 20):.3f}" == "0.048"


# --- Unigram and bytes ----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("seed", range(10))
def test_unigram_viterbi_is_the_library_s(seed):
    from tokenizers import Tokenizer, models
    r = random.Random(seed)
    table = {c: -r.uniform(1, 8) for c in "abcd"}
    table |= {"".join(r.choices("abcd", k=r.randint(2, 5))): -r.uniform(1, 12) for _ in range(20)}
    library = Tokenizer(models.Unigram([("<unk>", 0.0), *table.items()], 0, False))
    for _ in range(10):
        s = "".join(r.choices("abcd", k=r.randint(1, 40)))
        pieces, score = REF["unigram_viterbi"](s, table, -50.0)
        theirs = library.encode(s).tokens
        assert "".join(pieces) == s and score == pytest.approx(sum(table[p] for p in theirs), rel=1e-9)
        assert len(pieces) <= len(theirs)  # which of several with the same sum comes back is left open


def test_products_of_probabilities_end_at_zero():
    assert math.exp(-2000) == 0.0 and math.exp(-800) == 0.0


@pytest.mark.parametrize("seed", range(10))
def test_byte_fallback_is_the_library_s_on_whole_characters(seed):
    from tokenizers import decoders
    library = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    r, pieces = random.Random(seed), []
    for _ in range(12):
        c = r.choice("aé你🎉▁")
        pieces += [f"<0x{b:02X}>" for b in c.encode()] if r.random() < 0.6 else [r.choice(["▁", ""]) + c]
    assert REF["byte_fallback"](list(range(len(pieces))), pieces) == library.decode(pieces)


def test_broken_bytes_differ_from_the_library_s():
    """As the statement says: one sign for each byte there, as Python has it here."""
    from tokenizers import decoders
    pieces = ["<0xE4>", "<0xBD>", "a"]
    assert REF["byte_fallback"]([0, 1, 2], pieces) == "\ufffda"
    assert decoders.Sequence([decoders.ByteFallback(), decoders.Fuse()]).decode(pieces) == "\ufffd\ufffda"


# --- the tokenizer --------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("seed", range(4))
def test_split_keeps_every_byte_and_the_tokenizer_gives_it_back(seed):
    rng = np.random.default_rng(seed)
    data = bytes(rng.integers(0, 256, 500).tolist())
    assert b"".join(REF["SPLIT"].findall(data)) == data
    tokenizer = REF["Tokenizer"](data + b"the end of the end " * 9, 50, ["<|end|>", "<|endof|>"])
    for x in (data, data[::-1], b"", b"<|end|>" + data + b"<|endof|><|end|"):
        for special in (False, True):
            assert tokenizer.decode(tokenizer.encode(x, special)) == x


def test_merges_of_the_hidden_corpora_are_learned_in_the_order_of_the_statement():
    assert REF["SPLIT"].findall(b"the cat  sat, 2024!\n\n x") == [b"the", b" cat", b" ", b" sat", b",", b" ", b"2", b"0", b"2", b"4",
                                                                 b"!", b"\n\n", b" x"]
    tokenizer = REF["Tokenizer"](b"ab ab", 5, ["<e>"])
    assert tokenizer.encode("ab<e>") == [256, 60, 101, 62] and tokenizer.encode("ab<e>", True) == [256, 258]


# --- numbers of the prose --------------------------------------------------------------------------------------------

def test_numbers_of_the_prose():
    cost, body = REF["vocab_cost"], 98_304
    assert body == tokenization.body_of(64, 2)
    assert cost(100, 10, 1000, 2.0) == 2000 and f"{cost(400, 10, 1000, 3.0):,.0f}" == "3,333"
    says("= 2,000 FLOPs for each byte", "= 3,333", "98,304 weights in the body")
    parts = [(20_000 + V * 50) / r for V, r in {800: 2.4, 100: 1.2, 200: 1.7}.items()]
    assert [f"{x:,.0f}" for x in parts] == ["25,000", "20,833", "17,647"]
    heads = [V * 4096 for V in (32_000, 128_000)]
    assert [round(h / 1e6) for h in heads] == [131, 524]
    assert [f"{h / (7e9 + h):.1%}" for h in heads] == ["1.8%", "7.0%"]
    assert f"{(7e9 + heads[1]) / (7e9 + heads[0]) - 1:.1%}" == "5.5%"
    assert f"{(7e9 + heads[1]) / 1e9:.2f} {(7e9 + heads[0]) / 1e9:.2f}" == "7.52 7.13"
    assert tokenization.body_of(64, 2) // 64 == 1536  # where head and body have as many weights: the hint of the prediction


def test_small_worked_examples():
    ranks = {(b"h", b"e"): 0, (b"l", b"l"): 1, (b"he", b"ll"): 2, (b"l", b"o"): 3}
    assert REF["bpe_encode"](b"hello", ranks) == [b"hell", b"o"]
    assert REF["train_bpe"]({b"abab": 3, b"bab": 1}, 2) == [(b"a", b"b"), (b"ab", b"ab")]
    assert REF["unigram_viterbi"]("abc", {"a": -1.0, "b": -1.0, "c": -1.0, "ab": -3.0, "bc": -1.5}, -9.0) == (["a", "bc"], -2.5)
    assert REF["byte_fallback"]([0, 1, 2, 4], ["▁", "<0xE4>", "<0xBD>", "<0xA0>", "a"]) == "\ufffda"
    assert REF["byte_fallback"](range(5), ["▁", "<0xE4>", "<0xBD>", "<0xA0>", "a"]) == "你a"
    sizes = {name: len(s.encode()) / len(s) for name, s in tokenization.SCRIPTS.items()}
    assert sizes["English"] == 1.0 and 1.7 < sizes["Russian"] < 2 and 1.7 < sizes["Greek"] < 2 and sizes["Chinese"] == 3.0


def test_a_minimal_count_changes_what_wordpiece_joins():
    """What the text below the picture says."""
    words = dict(Counter(w.decode() for w, f in tokenization.help_words(rb"[a-z]+", 0.1).items() for _ in range(f)).most_common(1200))
    firsts = [tokenization.grown(choose, 10, words) for choose in
              (lambda w, s: REF["wordpiece_pair"](w, s, 1), lambda w, s: REF["wordpiece_pair"](w, s, 50), tokenization.most_frequent)]
    seen = [{s: sum(f for w, f in words.items() if s.removeprefix("##") in w) for s in row} for row in firsts]
    assert seen[0]["ubj"] == seen[0]["ju"] == 1 and min(seen[1].values()) >= 50 and firsts[2][:2] == ["th", "the"]
    assert {"ex", "##bj"} <= set(firsts[0]) & set(firsts[1])


def test_claims_ledger_is_complete():
    ledger = (Path(__file__).with_name("claims.md")).read_text(encoding="utf-8")
    assert re.findall(r"^\| S1\.(\d+) ", ledger, re.M) == [str(i) for i in range(1, 10)]


# --- the experiment --------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def shown():
    return experiment(SECTION)


def test_the_experiment_shows_that_the_optimum_moves(shown):
    ratio, best = shown["found"]["ratio"], list(shown["found"]["best"].values())
    assert list(ratio) == shown["sizes"] and sorted(ratio.values()) == list(ratio.values()) and ratio[256] == 1.0
    assert best == sorted(best) and best[0] < 1500 and best[-1] == best[-2] == 4096
    assert ratio[512] / ratio[256] > 1.5 and ratio[4096] / ratio[2048] < 1.25, "diminishing returns"


def tokens_cost(ratio, V):
    return REF["vocab_cost"](V, 64, tokenization.body_of(64, 2), ratio[V])


def test_the_prediction_holds_over_seeds(shown):
    assert REF["prediction"] == "under 1,500" and 'predicted(prediction, "under 1,500"' in SOURCE
    sizes = [256, 384, 512, 768, 1024, 1536]  # at 1,536 the head has as many weights as the body
    for seed in (1, 2):
        ratio = tokenization.measured(REF["SPLIT"], sizes, REF["train_bpe"], shown["tokens_at"], seed, share=0.3)
        best = REF["best_vocab"](ratio, 64, tokenization.body_of(64, 2))
        assert best < 1500 and tokens_cost(ratio, 1536) > 1.02 * tokens_cost(ratio, best)


# --- pictures and the widget ----------------------------------------------------------------------------------------

def test_pictures_and_widget_draw():
    namespace = reference(SECTION)
    for source in cells(SECTION, "picture"):
        exec(source, namespace)
    board = tokenization.widget(*(REF[n] for n in ("train_bpe", "bpe_encode", "wordpiece_encode", "unigram_viterbi")))
    controls, (image, words) = (box.children for box in board.children)
    before = bytes(image.value)
    assert before[:4] == b"\x89PNG" and "tokens</b>" in words.value
    for kind in ("WordPiece", "Unigram"):
        controls[1].value = kind
        assert "tokens</b>" in words.value
    controls[0].value = "größer <b>2024</b>"
    assert "&lt;" in words.value and "<b>2024" not in words.value and bytes(image.value) != before
    controls[0].value = ""
    assert "<b>0 tokens</b>" in words.value
