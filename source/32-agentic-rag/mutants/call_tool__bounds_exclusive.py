"""Bounds are exclusive."""
import json
from collections.abc import Mapping


def call_tool(name: str, arguments: str, tools: Mapping[str, dict], tainted: bool = False) -> tuple[str, str]:
    def fits(value, schema):
        if schema["type"] == "array":
            return isinstance(value, list) and all(fits(item, schema["items"]) for item in value)
        types = {"string": str, "boolean": bool, "integer": int, "number": (int, float)}[schema["type"]]
        if not isinstance(value, types) or isinstance(value, bool) and types is not bool:
            return False
        return ("minimum" not in schema or schema["minimum"] < value) and ("maximum" not in schema or value < schema["maximum"])

    if name not in tools:
        return "unknown_tool", f"There is no tool {name!r}. There are: {', '.join(tools)}"
    tool = tools[name]
    properties, required = tool["parameters"]["properties"], tool["parameters"]["required"]
    try:
        given = json.loads(arguments)
    except ValueError as error:
        return "bad_json", f"The arguments of {name} are not JSON: {error}"
    if not isinstance(given, dict):
        return "bad_json", f"The arguments of {name} must be a JSON object."
    wrong = [f"{a} is missing" for a in required if a not in given]
    wrong += [f"{a} does not fit" if a in properties else f"{a} is unknown" for a, value in given.items()
              if a not in properties or not fits(value, properties[a])]
    if wrong:
        return "bad_arguments", f"{name}: {'; '.join(wrong)}"
    if tool.get("writes") and tainted:
        return "not_allowed", f"{name} may not run: outsiders' text stands in the context."
    try:
        return "ok", json.dumps(tool["run"](**given))
    except Exception as error:
        return "tool_failed", f"{name} failed: {error}"
