"""Repeats compared as Python values: true equals 1."""

import json


def run_agent(policy, tools, question, max_steps, token_budget, count):
    def size(batch):
        return sum(count(m["content"]) for m in batch)

    def ask(batch):
        tokens.append(size(batch))
        return policy([dict(m) for m in batch])

    order = {"role": "user", "content": FORCE.format(question=question)}
    messages = [{"role": "user", "content": question}]
    trajectory, tokens, done = [], [], []
    if size(messages + [order]) > token_budget:
        raise ValueError("budget")
    tainted = False
    stop = "max_steps"
    for _ in range(max_steps):
        turn = ask(messages)
        if "answer" in turn:
            return {"answer": turn["answer"], "stop": "answered", "trajectory": trajectory, "tokens": tokens}
        tool, arguments = turn["tool"], turn["arguments"]
        try:
            key = (tool, json.loads(arguments))
        except ValueError:
            key = None
        if key is not None and key in done:
            kind, observation = "repeated", REPEATED
        else:
            kind, observation = call_tool(tool, arguments, tools, tainted)
            if kind == "ok":
                done.append(key)
            if kind in ("ok", "tool_failed") and tools[tool].get("untrusted"):
                tainted = True
        trajectory.append({"tool": tool, "arguments": arguments, "kind": kind, "observation": observation})
        pair = [{"role": "assistant", "content": f"{tool} {arguments}"}, {"role": "tool", "content": observation}]
        if size(messages + pair + [order]) > token_budget:
            stop = "budget"
            break
        messages = messages + pair
    turn = ask(messages + [order])
    return {"answer": turn.get("answer"), "stop": stop, "trajectory": trajectory, "tokens": tokens}
