"""The loop of the guide: it ends at the minimum, and forced words fill it."""


def budget_force(next_token, prompt: list[int], eot_id: int, wait_ids: list[int], min_tokens: int, max_tokens: int,
                 max_ignores: int, final_ids: list[int]) -> dict:
    thought, ignored, capped = [], 0, False
    while len(thought) < min_tokens:
        if len(thought) >= max_tokens:
            capped = True
            break
        token = next_token(list(prompt) + thought)
        if token == eot_id and ignored < max_ignores:
            thought.extend(wait_ids)
            ignored += 1
        elif token == eot_id:
            break
        else:
            thought.append(token)
    return {"thought": thought, "context": [*prompt, *thought, eot_id, *final_ids], "ignored": ignored, "capped": capped}
