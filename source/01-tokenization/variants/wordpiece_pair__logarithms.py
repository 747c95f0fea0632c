"""Logarithms of the counts, max over a list."""
import math


def wordpiece_pair(words, splits, min_count=1):
    one, two = {}, {}
    for word, f in words.items():
        s = splits[word]
        for i, symbol in enumerate(s):
            one[symbol] = one.get(symbol, 0) + f
            if i:
                two[s[i - 1], symbol] = two.get((s[i - 1], symbol), 0) + f
    ranked = sorted((math.log(n) - (math.log(one[a]) + math.log(one[b])), (a, b)) for (a, b), n in two.items() if n >= min_count)
    if not ranked:
        return None
    a, b = ranked[-1][1]
    return [a, b], a + b.removeprefix("##")
