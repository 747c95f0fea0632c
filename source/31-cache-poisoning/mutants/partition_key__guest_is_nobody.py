"""Users called guest or anonymous are taken for nobody."""
import hashlib
import json


def partition_key(request, scope):
    names = {"public": (), "tenant": ("tenant",), "user": ("tenant", "user")}
    if scope not in names:
        raise ValueError("scope")
    doc = {"scope": scope}
    for f in ("system_prompt", "model", "params", "locale"):
        doc[f] = request[f]
    for f in names[scope]:
        if request.get(f) in (None, '', 'guest', 'anonymous'):
            raise ValueError("nobody")
        doc[f] = request[f]
    text = json.dumps(doc, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
