"""One ignore more than allowed."""


def budget_force(next_token, prompt: list[int], eot_id: int, wait_ids: list[int], min_tokens: int, max_tokens: int,
                 max_ignores: int, final_ids: list[int]) -> dict:
    thought, own, ignored, capped = [], 0, 0, True
    while len(thought) < max_tokens:
        token = next_token(list(prompt) + thought)
        if token != eot_id:
            thought.append(token)
            own += 1
        elif own < min_tokens and ignored <= max_ignores and len(thought) + len(wait_ids) < max_tokens:
            thought.extend(wait_ids)
            ignored += 1
        else:
            capped = False
            break
    return {"thought": thought, "context": [*prompt, *thought, eot_id, *final_ids], "ignored": ignored, "capped": capped}
