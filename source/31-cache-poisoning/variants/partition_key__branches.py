"""Branches, and an encoder."""
import hashlib
import json


def partition_key(request, scope):
    document = {k: request[k] for k in ("system_prompt", "model", "params", "locale")}
    document["scope"] = scope
    if scope == "user":
        document["tenant"], document["user"] = request["tenant"], request["user"]
    elif scope == "tenant":
        document["tenant"] = request["tenant"]
    elif scope != "public":
        raise ValueError("unknown scope")
    for name in ("tenant", "user"):
        if name in document and (document[name] is None or document[name] == ""):
            raise ValueError("a name is missing")
    encoder = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)
    digest = hashlib.sha256()
    for piece in encoder.iterencode(document):
        digest.update(piece.encode())
    return digest.hexdigest()
