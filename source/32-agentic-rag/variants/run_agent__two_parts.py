"""The loop as a generator of steps, the end apart."""


import json


def same(a, b):
    try:
        return json.dumps(json.loads(a), sort_keys=True) == json.dumps(json.loads(b), sort_keys=True)
    except ValueError:
        return False


def run_agent(policy, tools, question, max_steps, token_budget, count):
    state = {"messages": [("user", question)], "tainted": False}
    order = ("user", FORCE.format(question=question))
    trajectory, tokens = [], []

    def size(messages):
        return sum([count(text) for _, text in messages])

    def turn_of(messages):
        tokens.append(size(messages))
        return policy([{"role": role, "content": text} for role, text in messages])

    def step(turn):
        name, arguments = turn["tool"], turn["arguments"]
        if [s for s in trajectory if s["kind"] == "ok" and s["tool"] == name and same(s["arguments"], arguments)]:
            return "repeated", REPEATED
        kind, observation = call_tool(name, arguments, tools, state["tainted"])
        if kind != "unknown_tool" and kind in ("ok", "tool_failed") and tools[name].get("untrusted"):
            state["tainted"] = True
        return kind, observation

    def loop():
        for _ in range(max_steps):
            turn = turn_of(state["messages"])
            if "answer" in turn:
                return "answered", turn["answer"]
            kind, observation = step(turn)
            trajectory.append(dict(tool=turn["tool"], arguments=turn["arguments"], kind=kind, observation=observation))
            longer = state["messages"] + [("assistant", f"{turn['tool']} {turn['arguments']}"), ("tool", observation)]
            if size(longer + [order]) > token_budget:
                return "budget", None
            state["messages"] = longer
        return "max_steps", None

    if size(state["messages"] + [order]) > token_budget:
        raise ValueError("no room")
    stop, answer = loop()
    if stop != "answered":
        answer = turn_of(state["messages"] + [order]).get("answer")
    return {"answer": answer, "stop": stop, "trajectory": trajectory, "tokens": tokens}
