"""all attributes made, those of None taken out"""
import json


def genai_attributes(call, capture_content=False):
    get = call.get
    if None in (get("operation"), get("provider")):
        raise ValueError("operation and provider are required")
    reasons = get("finish_reasons")
    if reasons is not None:
        reasons = (reasons,) if isinstance(reasons, str) else reasons
    every = {
        "gen_ai.operation.name": get("operation"), "gen_ai.provider.name": get("provider"),
        "gen_ai.request.model": get("model"), "gen_ai.response.model": get("response_model"),
        "gen_ai.request.max_tokens": get("max_tokens"), "gen_ai.request.temperature": get("temperature"),
        "gen_ai.response.finish_reasons": None if reasons is None else list(reasons),
        "gen_ai.usage.input_tokens": None if get("input_tokens") is None else sum(
            get(k) or 0 for k in ("input_tokens", "cache_read_tokens", "cache_write_tokens")),
        "gen_ai.usage.cache_read.input_tokens": get("cache_read_tokens"),
        "gen_ai.usage.cache_creation.input_tokens": get("cache_write_tokens"),
        "gen_ai.usage.output_tokens": get("output_tokens"),
        "gen_ai.usage.reasoning.output_tokens": get("reasoning_tokens"),
        "error.type": get("error") and get("error")[0],
        "gen_ai.input.messages": json.dumps(get("messages")) if capture_content and get("messages") is not None else None,
        "gen_ai.output.messages": json.dumps([dict(role="assistant", content=get("answer"))])
        if capture_content and get("answer") is not None else None}
    return " ".join(filter(None, [get("operation"), get("model")])) if get("model") else get("operation"), {
        k: v for k, v in every.items() if v is not None}
