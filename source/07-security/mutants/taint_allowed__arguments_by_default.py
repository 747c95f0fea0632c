"""An argument that the policy does not name is free."""


def taint_allowed(call, args_taint, policy):
    tool, decided, args = call
    if tool not in policy:
        return False
    rule = policy[tool]
    return max(decided, default=DEVELOPER) <= rule['decide'] and all((name not in rule['args'] or max(args_taint.get(name, [FOREIGN]), default=DEVELOPER) <= rule['args'][name] for name in args))
