"""The number of names by the scope's place in a list."""
import hashlib
import json


def partition_key(request, scope):
    scopes = ["public", "tenant", "user"]
    named = ["tenant", "user"][:scopes.index(scope)]  # a ValueError for any other
    if not all(str(request[n]) for n in named) or None in [request[n] for n in named]:
        raise ValueError("nobody")
    kept = {n: request[n] for n in ["locale", "model", "params", "system_prompt"] + named}
    text = json.dumps(dict(kept, scope=scope), allow_nan=False, sort_keys=True, separators=(",", ":"))
    return hashlib.new("sha256", bytes(text, "utf-8")).hexdigest()
