"""An unknown origin is noted in the caller's dict."""


def taint_allowed(call, args_taint, policy):
    tool, decided, args = call
    if tool not in policy:
        return False
    rule = policy[tool]
    if max(decided, default=DEVELOPER) > rule["decide"]:
        return False
    for name in args:
        if name not in rule["args"]:
            return False
        if max(args_taint.get(name, [FOREIGN]), default=DEVELOPER) > rule["args"][name]:
            return False
    return True


def result_level(call, args_taint, policy):
    tool, decided, args = call
    if tool not in policy:
        return FOREIGN
    labels = [policy[tool]["returns"], *decided]
    for name in args:
        labels += args_taint.setdefault(name, [FOREIGN])
    return max(labels)
