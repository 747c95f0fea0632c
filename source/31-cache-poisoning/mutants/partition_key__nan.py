"""NaN is let through."""
import hashlib
import json


def partition_key(request: dict, scope: str) -> str:
    who = {"user": ["tenant", "user"], "tenant": ["tenant"], "public": []}
    if scope not in who:
        raise ValueError(f"no scope {scope!r}")
    if any(request[name] in (None, "") for name in who[scope]):
        raise ValueError(f"scope {scope!r} needs {' and '.join(who[scope])}")
    names = ["system_prompt", "model", "params", "locale", *who[scope]]
    document = {"scope": scope} | {name: request[name] for name in names}
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
