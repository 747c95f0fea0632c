"""A short observation leaves no taint."""

import json


def run_agent(policy, tools, question, max_steps, token_budget, count):
    def size(ms):
        return sum(count(m["content"]) for m in ms)
    def canon(v):
        if isinstance(v, dict):
            return ("o", tuple(sorted((k, canon(x)) for k, x in v.items())))
        if isinstance(v, list):
            return ("a", tuple(canon(x) for x in v))
        return (type(v).__name__, repr(v))
    order = {"role": "user", "content": FORCE.format(question=question)}
    messages = [{"role": "user", "content": question}]
    if size(messages) + size([order]) > token_budget:
        raise ValueError("the question does not fit")
    trajectory, tokens, done, tainted, stop = [], [], set(), False, "max_steps"
    for _ in range(max_steps):
        tokens.append(size(messages))
        turn = policy([dict(m) for m in messages])
        if "answer" in turn:
            return {"answer": turn["answer"], "stop": "answered", "trajectory": trajectory, "tokens": tokens}
        name, arguments = turn["tool"], turn["arguments"]
        try:
            key = (name, repr(canon(json.loads(arguments))))
        except ValueError:
            key = None
        if key is not None and key in done:
            kind, observation = "repeated", REPEATED
        else:
            kind, observation = call_tool(name, arguments, tools, tainted)
            if kind == "ok":
                done.add(key)
            if kind in ("ok", "tool_failed") and tools[name].get("untrusted") and (kind != "ok" or len(observation) > 4):
                tainted = True
        trajectory.append({"tool": name, "arguments": arguments, "kind": kind, "observation": observation})
        two = [{"role": "assistant", "content": f"{name} {arguments}"}, {"role": "tool", "content": observation}]
        if size(messages + two + [order]) > token_budget:
            stop = "budget"
            break
        messages += two
    last = messages + [order]
    tokens.append(size(last))
    turn = policy([dict(m) for m in last])
    return {"answer": turn.get("answer"), "stop": stop, "trajectory": trajectory, "tokens": tokens}
