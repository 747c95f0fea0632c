"""Checked by jsonschema, with its own idea of an integer narrowed."""


import json

import jsonschema


def is_integer(checker, value):
    return isinstance(value, int) and not isinstance(value, bool)


def call_tool(name, arguments, tools, tainted=False):
    if name not in tools:
        return "unknown_tool", "tools: " + " ".join(tools)
    tool = tools[name]
    try:
        given = json.loads(arguments)
        assert isinstance(given, dict)
    except (ValueError, AssertionError):
        return "bad_json", name + " takes a JSON object"
    base = jsonschema.Draft202012Validator
    validator = jsonschema.validators.extend(base, type_checker=base.TYPE_CHECKER.redefine("integer", is_integer))
    properties, required = tool["parameters"]["properties"], tool["parameters"]["required"]
    wrong = [a for a in required if a not in given]
    wrong += [a for a in given if a not in properties or not validator(properties[a]).is_valid(given[a])]
    if wrong:
        return "bad_arguments", name + ": " + " ".join(wrong)
    if tainted and tool.get("writes", False):
        return "not_allowed", name + " is not allowed now"
    try:
        result = tool["run"](**given)
        return "ok", json.dumps(result, ensure_ascii=False, indent=1)
    except Exception as e:
        return "tool_failed", str(e)
