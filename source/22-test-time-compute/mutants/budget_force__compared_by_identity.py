"""Ids are compared by identity."""


def budget_force(next_token, prompt, eot_id, wait_ids, min_tokens, max_tokens, max_ignores, final_ids):
    thought, own, ignored, capped = [], 0, 0, True
    while len(thought) < max_tokens:
        t = int(next_token(list(prompt) + thought))
        if t is not eot_id:
            thought.append(t)
            own += 1
        elif own < min_tokens and ignored < max_ignores and len(thought) + len(wait_ids) < max_tokens:
            thought += wait_ids
            ignored += 1
        else:
            capped = False
            break
    return {"thought": thought, "context": list(prompt) + thought + [eot_id] + list(final_ids),
            "ignored": ignored, "capped": capped}
