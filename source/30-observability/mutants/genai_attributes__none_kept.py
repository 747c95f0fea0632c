"""None becomes an attribute"""
import json
from collections.abc import Mapping


def genai_attributes(call: Mapping, capture_content: bool = False) -> tuple[str, dict]:
    if call.get("operation") is None or call.get("provider") is None:
        raise ValueError("operation and provider are required")
    names = {"operation": "operation.name", "provider": "provider.name", "model": "request.model",
             "response_model": "response.model", "max_tokens": "request.max_tokens",
             "temperature": "request.temperature",
             "cache_read_tokens": "usage.cache_read.input_tokens", "output_tokens": "usage.output_tokens",
             "cache_write_tokens": "usage.cache_creation.input_tokens",
             "reasoning_tokens": "usage.reasoning.output_tokens"}
    found = {f"gen_ai.{name}": call[key] for key, name in names.items() if key in call}
    if call.get("finish_reasons") is not None:
        reasons = call["finish_reasons"]
        found["gen_ai.response.finish_reasons"] = [reasons] if isinstance(reasons, str) else list(reasons)
    if call.get("input_tokens") is not None:
        cached = (call.get("cache_read_tokens") or 0) + (call.get("cache_write_tokens") or 0)
        found["gen_ai.usage.input_tokens"] = call["input_tokens"] + cached
    if call.get("error") is not None:
        found["error.type"] = call["error"][0]
    if capture_content and call.get("messages") is not None:
        found["gen_ai.input.messages"] = json.dumps(call["messages"])
    if capture_content and call.get("answer") is not None:
        found["gen_ai.output.messages"] = json.dumps([{"role": "assistant", "content": call["answer"]}])
    return call["operation"] + (" " + call["model"] if call.get("model") else ""), found
