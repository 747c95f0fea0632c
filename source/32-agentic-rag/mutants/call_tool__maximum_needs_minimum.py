"""A maximum without a minimum is not looked at."""

import json


def call_tool(name, arguments, tools, tainted=False):
    if name not in tools:
        return "unknown_tool", f"no tool {name!r}; there are {', '.join(tools)}"
    tool = tools[name]
    try:
        given = json.loads(arguments)
    except ValueError:
        return "bad_json", f"{name}: the arguments are no JSON"
    if not isinstance(given, dict):
        return "bad_json", f"{name}: the arguments are no object"
    def fits(value, schema):
        kind = schema["type"]
        if kind == "string":
            return isinstance(value, str)
        if kind == "boolean":
            return isinstance(value, bool)
        if kind == "array":
            return isinstance(value, list) and all(fits(v, schema["items"]) for v in value)
        if isinstance(value, bool) or not isinstance(value, int if kind == "integer" else (int, float)):
            return False
        return "minimum" not in schema or schema["minimum"] <= value <= schema.get("maximum", value)
    known = tool["parameters"]["properties"]
    faults = [f"{a} is missing" for a in tool["parameters"]["required"] if a not in given]
    faults += [f"{a} is unknown" for a in given if a not in known]
    faults += [f"{a} does not fit" for a in given if a in known and not fits(given[a], known[a])]
    if faults:
        return "bad_arguments", f"{name}: " + "; ".join(faults)
    if tainted and tool.get("writes"):
        return "not_allowed", f"{name} writes, and the context is tainted"
    try:
        return "ok", json.dumps(tool["run"](**given))
    except Exception as e:
        return "tool_failed", str(e)
