"""A tool call in the forced turn is run."""
import json
from collections.abc import Callable, Mapping


def run_agent(policy: Callable[[list[dict]], dict], tools: Mapping[str, dict], question: str, max_steps: int,
              token_budget: int, count: Callable[[str], int]) -> dict:
    messages = [{"role": "user", "content": question}]
    order = {"role": "user", "content": FORCE.format(question=question)}
    trajectory, tokens, done, tainted, stop = [], [], [], False, "max_steps"

    def as_value(arguments):
        try:
            return json.dumps(json.loads(arguments), sort_keys=True)
        except ValueError:
            return None

    def size(some):
        return sum(count(message["content"]) for message in some)

    def ask(some):
        tokens.append(size(some))
        return policy([dict(message) for message in some])

    if size([*messages, order]) > token_budget:
        raise ValueError("the question and the order to answer it do not fit into the budget")
    for _ in range(max_steps):
        turn = ask(messages)
        if "answer" in turn:
            return {"answer": turn["answer"], "stop": "answered", "trajectory": trajectory, "tokens": tokens}
        name, arguments = turn["tool"], turn["arguments"]
        call = (name, as_value(arguments))
        kind, observation = ("repeated", REPEATED) if call in done else call_tool(name, arguments, tools, tainted)
        if kind == "ok":
            done.append(call)
        if kind in ("ok", "tool_failed"):
            tainted = tainted or bool(tools[name].get("untrusted"))
        trajectory.append({"tool": name, "arguments": arguments, "kind": kind, "observation": observation})
        new = [{"role": "assistant", "content": f"{name} {arguments}"}, {"role": "tool", "content": observation}]
        if size([*messages, *new, order]) > token_budget:
            stop = "budget"
            break
        messages += new
    last = ask([*messages, order])
    if "answer" not in last:
        kind, observation = call_tool(last["tool"], last["arguments"], tools, tainted)
        trajectory.append({"tool": last["tool"], "arguments": last["arguments"], "kind": kind, "observation": observation})
    return {"answer": last.get("answer"), "stop": stop, "trajectory": trajectory,
            "tokens": tokens}
