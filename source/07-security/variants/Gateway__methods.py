"""Small methods, a dataclass of a request's state."""
import re


from collections import defaultdict


def stands_in(value, text):
    return isinstance(value, str) and bool(value) and re.search(
        r"(?<![^\W_])" + re.escape(value) + r"(?![^\W_])", text) is not None


class Gateway:
    def __init__(self, system, policy, detect, threshold, nonce, rate, burst, steps=5, leak=0.5):
        self.system, self.policy, self.nonce, self.steps, self.leak = system, policy, nonce, steps, leak
        self.flagged = lambda text: detect(text) >= threshold
        self.buckets = defaultdict(lambda: TokenBucket(rate, burst))

    def handle(self, model, tools, user, t, query):
        if not self.buckets[user].allow(t, len(query.split()) or 1):
            return ("limited", "")
        query = normalize_text(query)
        if self.flagged(query):
            return ("blocked", "")
        replies, level = [], USER
        for _ in range(self.steps):
            wish = model([("system", self.system), ("user", query), *(("tool", text) for text in replies)])
            if wish[0] == "answer":
                return self.release(wish[1], query)
            reply, level = self.run(wish[1], wish[2], tools, query, level)
            replies.append(reply)
        return ("stopped", "")

    def run(self, tool, args, tools, query, level):
        labels = {name: [USER if stands_in(value, query) else level] for name, value in args.items()}
        call = (tool, [level], args)
        if tool not in tools or not taint_allowed(call, labels, self.policy):
            return "refused", level
        text = normalize_text(tools[tool](args))
        level = max(level, result_level(call, labels, self.policy))
        return ("removed" if self.flagged(text) else wrap_untrusted(text, self.nonce())), level

    def release(self, answer, query):
        answer = normalize_text(answer)
        if leak_score(answer, normalize_text(self.system)) >= self.leak:
            return ("withheld", "")
        secret = [one for one in find_pii(answer) if not stands_in(answer[one[1]:one[2]], query)]
        return ("answered", redact(answer, secret))
