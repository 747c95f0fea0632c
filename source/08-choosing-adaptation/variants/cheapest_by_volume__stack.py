"""Convex hull trick: a stack of lines, steepest first."""
from collections.abc import Mapping


def cheapest_by_volume(plans: Mapping[str, tuple[float, float]]) -> list[list]:
    unique: dict[float, str] = {}
    for name, (once, each) in plans.items():
        if each not in unique or once < plans[unique[each]][0]:
            unique[each] = name
    stack: list[list] = []
    for each in sorted(unique, reverse=True):
        name = unique[each]
        once = plans[name][0]
        n = 0.0
        while stack:
            start, top = stack[-1]
            n = (once - plans[top][0]) / (plans[top][1] - each)
            if n > start:
                break
            stack.pop()
            n = 0.0
        stack.append([max(n, 0.0), name])
    return stack
