"""A highest label of 0 is taken for none."""


def taint_allowed(call, args_taint, policy):
    tool, decided, args = call
    if tool not in policy:
        return False
    rule = policy[tool]
    return max(decided, default=DEVELOPER) <= rule['decide'] and all((rule['args'].get(name) and max(args_taint.get(name, [FOREIGN]), default=DEVELOPER) <= rule['args'][name] for name in args))
