"""the caller's own list of reasons"""
import json
from collections.abc import Mapping


def genai_attributes(call: Mapping, capture_content: bool = False) -> tuple[str, dict]:
    call = {k: v for k, v in call.items() if v is not None}
    if "operation" not in call or "provider" not in call:
        raise ValueError("operation and provider are required")
    names = {"operation": "operation.name", "provider": "provider.name", "model": "request.model",
             "response_model": "response.model", "max_tokens": "request.max_tokens",
             "temperature": "request.temperature",
             "cache_read_tokens": "usage.cache_read.input_tokens", "output_tokens": "usage.output_tokens",
             "cache_write_tokens": "usage.cache_creation.input_tokens",
             "reasoning_tokens": "usage.reasoning.output_tokens"}
    found = {f"gen_ai.{name}": call[key] for key, name in names.items() if key in call}
    if "finish_reasons" in call:
        reasons = call["finish_reasons"]
        found["gen_ai.response.finish_reasons"] = [reasons] if isinstance(reasons, str) else reasons if isinstance(reasons, list) else list(reasons)
    if "input_tokens" in call:
        cached = call.get("cache_read_tokens", 0) + call.get("cache_write_tokens", 0)
        found["gen_ai.usage.input_tokens"] = call["input_tokens"] + cached
    if "error" in call:
        found["error.type"] = call["error"][0]
    if capture_content and "messages" in call:
        found["gen_ai.input.messages"] = json.dumps(call["messages"])
    if capture_content and "answer" in call:
        found["gen_ai.output.messages"] = json.dumps([{"role": "assistant", "content": call["answer"]}])
    return call["operation"] + (" " + call["model"] if "model" in call else ""), found
