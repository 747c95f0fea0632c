"""Sets of labels."""


def labels_of(name, args_taint):
    return {DEVELOPER, *args_taint.get(name, {FOREIGN})}


def taint_allowed(call, args_taint, policy):
    tool, decided, args = call
    if tool not in policy or any(label > policy[tool]["decide"] for label in decided):
        return False
    limits = policy[tool]["args"]
    return set(args) <= set(limits) and not any(max(labels_of(name, args_taint)) > limits[name] for name in args)


def result_level(call, args_taint, policy):
    tool, decided, args = call
    if tool not in policy:
        return FOREIGN
    every = {policy[tool]["returns"], *decided}.union(*(labels_of(name, args_taint) for name in args))
    return max(every)
