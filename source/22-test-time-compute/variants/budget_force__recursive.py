"""A flag for the end, tokens counted at the end of each round."""


def budget_force(next_token, prompt: list[int], eot_id: int, wait_ids: list[int], min_tokens: int, max_tokens: int,
                 max_ignores: int, final_ids: list[int]) -> dict:
    context, start, own, ignored, stopped = list(prompt), len(prompt), 0, 0, False
    while not stopped and len(context) - start < max_tokens:
        token = next_token(list(context))
        if token == eot_id:
            room = max_tokens - (len(context) - start) - len(wait_ids)
            if own >= min_tokens or ignored == max_ignores or room < 1:
                stopped = True
            else:
                context += wait_ids
                ignored += 1
        else:
            own += 1
            context += [token]
    thought = context[start:]
    return dict(thought=thought, context=context + [eot_id] + list(final_ids), ignored=ignored, capped=not stopped)
