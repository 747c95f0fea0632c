"""A reply that cannot be read is a chunk of no use."""
import math


def evaluate(samples, split, judge, useful):
    def attempt_of(call, *args, otherwise):
        try:
            return call(*args)
        except ValueError:
            return otherwise

    def ranked(s):
        return context_precision([int(attempt_of(useful, s["question"], c, s["reference"], otherwise=0))
                                  for c in s["contexts"]])

    def share(of, s, text):
        return attempt_of(of, s[text], s["contexts"], split, judge, otherwise=math.nan)

    return {"faithfulness": [share(faithfulness, s, "answer") for s in samples],
            "context_recall": [share(context_recall, s, "reference") for s in samples],
            "context_precision": [ranked(s) for s in samples]}
