"""Only the last eight ids are shown."""
def budget_force(next_token, prompt, eot_id, wait_ids, min_tokens, max_tokens, max_ignores, final_ids):
    thought, own, ignored, capped = [], 0, 0, True
    while len(thought) < max_tokens:
        t = next_token((prompt + thought)[-8:])
        if t != eot_id:
            thought.append(t)
            own += 1
        elif own < min_tokens and ignored < max_ignores and len(thought) + len(wait_ids) < max_tokens:
            thought.extend(wait_ids)
            ignored += 1
        else:
            capped = False
            break
    context = prompt + thought + [eot_id] + final_ids
    return {"thought": thought, "context": context, "ignored": ignored, "capped": capped}
