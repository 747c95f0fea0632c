"""Costs that agree in nine digits are taken for a tie."""
import math


def best_vocab(bytes_per_token, D, body):
    return min(bytes_per_token, key=lambda V: (round(math.log(vocab_cost(V, D, body, bytes_per_token[V])), 9), V))
