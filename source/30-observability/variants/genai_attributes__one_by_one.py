"""one key at a time"""
import json


def genai_attributes(call, capture_content=False):
    operation, provider = call.get("operation"), call.get("provider")
    if operation is None or provider is None:
        raise ValueError("required")
    attributes = {"gen_ai.operation.name": operation, "gen_ai.provider.name": provider}

    def put(name, value):
        if value is not None:
            attributes["gen_ai." + name] = value

    put("request.model", call.get("model"))
    put("response.model", call.get("response_model"))
    put("request.max_tokens", call.get("max_tokens"))
    put("request.temperature", call.get("temperature"))
    reasons = call.get("finish_reasons")
    put("response.finish_reasons", [reasons] if isinstance(reasons, str) else reasons if reasons is None else [*reasons])
    read, written = call.get("cache_read_tokens"), call.get("cache_write_tokens")
    if call.get("input_tokens") is not None:
        put("usage.input_tokens", call["input_tokens"] + (read or 0) + (written or 0))
    put("usage.cache_read.input_tokens", read)
    put("usage.cache_creation.input_tokens", written)
    put("usage.output_tokens", call.get("output_tokens"))
    put("usage.reasoning.output_tokens", call.get("reasoning_tokens"))
    if call.get("error") is not None:
        kind, _ = call["error"]
        attributes["error.type"] = kind
    if capture_content:
        if call.get("messages") is not None:
            put("input.messages", json.dumps(call["messages"], ensure_ascii=False))
        if call.get("answer") is not None:
            put("output.messages", json.dumps([{"content": call["answer"], "role": "assistant"}], indent=1))
    return (operation if call.get("model") is None else f"{operation} {call['model']}"), attributes
