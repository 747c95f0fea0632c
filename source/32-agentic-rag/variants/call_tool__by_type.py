"""A small class of errors, one check by type()."""


import json


class Refused(Exception):
    def __init__(self, kind, text):
        self.kind, self.text = kind, text


def right(value, schema):
    kind = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array"}.get(type(value))
    if kind != schema["type"] and (kind, schema["type"]) != ("integer", "number"):
        return False
    if kind == "array":
        return not [v for v in value if not right(v, schema["items"])]
    if "minimum" in schema and value < schema["minimum"]:
        return False
    return not ("maximum" in schema and value > schema["maximum"])


def checked(name, arguments, tools, tainted):
    if name not in tools:
        raise Refused("unknown_tool", f"{name}? Known: {sorted(tools)}")
    try:
        given = json.loads(arguments)
    except json.JSONDecodeError:
        raise Refused("bad_json", f"{name}: not JSON") from None
    if type(given) is not dict:
        raise Refused("bad_json", f"{name}: not an object")
    schema = tools[name]["parameters"]
    bad = {a for a in schema["required"] if a not in given}
    bad |= {a for a, v in given.items() if not (a in schema["properties"] and right(v, schema["properties"][a]))}
    if bad:
        raise Refused("bad_arguments", f"{name}: look at {bad}")
    if tainted and "writes" in tools[name] and tools[name]["writes"]:
        raise Refused("not_allowed", f"{name} needs a person now")
    return given


def call_tool(name, arguments, tools, tainted=False):
    try:
        given = checked(name, arguments, tools, tainted)
    except Refused as refused:
        return refused.kind, refused.text
    try:
        return "ok", json.dumps(tools[name]["run"](**given))
    except Exception as error:
        return "tool_failed", f"{type(error).__name__}: {error}"
