"""Python's hash: another one in every process."""
import json


def partition_key(request: dict, scope: str) -> str:
    who = {"user": ["tenant", "user"], "tenant": ["tenant"], "public": []}
    if scope not in who:
        raise ValueError(f"no scope {scope!r}")
    if any(request[name] in (None, "") for name in who[scope]):
        raise ValueError(f"scope {scope!r} needs {' and '.join(who[scope])}")
    names = ["system_prompt", "model", "params", "locale", *who[scope]]
    document = {"scope": scope} | {name: request[name] for name in names}
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return format(hash(text) & (2 ** 256 - 1), "064x")
