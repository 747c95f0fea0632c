"""A generator of tokens, which its caller collects."""


def budget_force(next_token, prompt: list[int], eot_id: int, wait_ids: list[int], min_tokens: int, max_tokens: int,
                 max_ignores: int, final_ids: list[int]) -> dict:
    thought = ()
    marks = []  # True for a token of the model
    ignored = 0
    capped = max_tokens <= 0
    while not capped:
        token = next_token([*prompt, *thought])
        if token == eot_id:
            may = sum(marks) < min_tokens and ignored < max_ignores
            if not may or len(thought) + len(wait_ids) >= max_tokens:
                break
            thought, marks, ignored = thought + tuple(wait_ids), marks + [False] * len(wait_ids), ignored + 1
        else:
            thought, marks = thought + (token,), marks + [True]
        capped = len(thought) >= max_tokens
    return {"thought": list(thought), "context": [*prompt, *thought, eot_id, *final_ids], "ignored": ignored,
            "capped": capped}
