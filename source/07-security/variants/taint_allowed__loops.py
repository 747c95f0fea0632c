"""Loops and early returns."""


def join(labels):
    top = 0
    for label in labels:
        if label > top:
            top = label
    return top


def origin(name, args_taint):
    return join(args_taint[name]) if name in args_taint else 2


def taint_allowed(call, args_taint, policy):
    tool, decided, args = call
    rule = policy.get(tool)
    if rule is None or join(decided) > rule["decide"]:
        return False
    for name in args:
        if name not in rule["args"] or origin(name, args_taint) > rule["args"][name]:
            return False
    return True


def result_level(call, args_taint, policy):
    tool, decided, args = call
    levels = [policy[tool]["returns"] if tool in policy else 2, join(decided)]
    return join(levels + [origin(name, args_taint) for name in args])
