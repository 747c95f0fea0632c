"""An empty list of labels is taken for a missing one."""


def taint_allowed(call, args_taint, policy):
    tool, decided, args = call
    if tool not in policy:
        return False
    rule = policy[tool]
    return max(decided, default=DEVELOPER) <= rule['decide'] and all((name in rule['args'] and max(args_taint.get(name) or [FOREIGN]) <= rule['args'][name] for name in args))
