"""A joined string."""
import hashlib


def partition_key(request: dict, scope: str) -> str:
    who = {"user": ["tenant", "user"], "tenant": ["tenant"], "public": []}
    if scope not in who:
        raise ValueError(f"no scope {scope!r}")
    if any(request[name] in (None, "") for name in who[scope]):
        raise ValueError(f"scope {scope!r} needs {' and '.join(who[scope])}")
    names = ["system_prompt", "model", "params", "locale", *who[scope]]
    document = {"scope": scope} | {name: request[name] for name in names}
    text = "|".join(str(document[k]) for k in sorted(document))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
