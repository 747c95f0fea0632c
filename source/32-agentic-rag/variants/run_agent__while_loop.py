"""A while loop with counts kept on the way."""


import copy
import json


def run_agent(policy, tools, question, max_steps, token_budget, count):
    log, tokens, known = [], [], set()
    tainted = False
    messages = [dict(role="user", content=question)]
    used, order = count(question), FORCE.replace("{question}", question)
    reserve = count(order)
    if used + reserve > token_budget:
        raise ValueError("too small a budget")
    result = {"answer": None, "stop": None, "trajectory": log, "tokens": tokens}
    while result["stop"] is None:
        if len(log) == max_steps:
            result["stop"] = "max_steps"
            break
        tokens.append(used)
        turn = policy(copy.deepcopy(messages))
        if turn.get("answer") is not None:
            return result | {"answer": turn["answer"], "stop": "answered"}
        try:
            key = turn["tool"] + " " + json.dumps(json.loads(turn["arguments"]), sort_keys=True)
        except json.JSONDecodeError:
            key = None
        if key in known:
            kind, seen = "repeated", REPEATED
        else:
            kind, seen = call_tool(turn["tool"], turn["arguments"], tools, tainted)
            if kind == "ok":
                known.add(key)
            if kind in {"ok", "tool_failed"} and tools[turn["tool"]].get("untrusted", False):
                tainted = True
        log.append({"tool": turn["tool"], "arguments": turn["arguments"], "kind": kind, "observation": seen})
        mine = turn["tool"] + " " + turn["arguments"]
        more = count(mine) + count(seen)
        if used + more + reserve > token_budget:
            result["stop"] = "budget"
        else:
            used += more
            messages.append({"role": "assistant", "content": mine})
            messages.append({"role": "tool", "content": seen})
    tokens.append(used + reserve)
    last = policy(copy.deepcopy(messages) + [{"role": "user", "content": order}])
    if "answer" in last:
        result["answer"] = last["answer"]
    return result
