"""A missing user becomes "guest"."""
import hashlib
import json


def partition_key(request: dict, scope: str) -> str:
    who = {"user": ["tenant", "user"], "tenant": ["tenant"], "public": []}
    if scope not in who:
        raise ValueError(f"no scope {scope!r}")
    names = ["system_prompt", "model", "params", "locale", *who[scope]]
    document = {"scope": scope} | {name: request[name] or "guest" if name in who[scope] else request[name] for name in names}
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
