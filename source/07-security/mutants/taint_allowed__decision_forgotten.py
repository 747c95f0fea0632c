"""The decision does not flow into the answer."""


def result_level(call, args_taint, policy):
    tool, decided, args = call
    own = policy[tool]['returns'] if tool in policy else FOREIGN
    return max(own, *(label for name in args for label in args_taint.get(name, [FOREIGN])), DEVELOPER)
